"""Nights over a results folder whose clips are stubs: what is begun, spent and left."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.errors import BadInputError, NeedsApprovalError
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.core.growth.choice import Counts
from hoi_platform.core.growth.config import GrowthConfig
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.record import fingerprint_of
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.fake_apis.clock import FakeClock
from hoi_platform.services.growth.grid import read_grid
from hoi_platform.services.growth.night import MADE_BY, Night, begin_night, plan_night, tags_of
from hoi_platform.services.growth.nights import Begun, Nights, bounds, night_of
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.plans.book import PlanBook, Purchase
from hoi_platform.services.plans.launch import Launch
from hoi_platform.services.plans.pricing import order_usd, what_of
from hoi_platform.services.platform import Platform
from hoi_platform_tests.platform.prepared import kling_platform
from hoi_platform_tests.services.viewer.scenes import write_box_obj

CONFIG = GrowthConfig(
    new_clips=4,
    seeds_per_object=3,
    default_target=1,
    targets={"mug": 6, "box": 6},
    default_floor=0,
    night_usd=1.0,
    month_usd=2.0,
    tries=2,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """Clips are bought from kling-ai for 0.35 USD; their prompts are not refined."""
    return kling_platform(tmp_path, skip_prompt_refinement=True).platform()


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Ledger:
    return open_ledger(f"sqlite:///{tmp_path}/ledger/ledger.db", clock=clock.now)


def make(platform: Platform, clip: ClipId, *stages: str, **facts: object) -> None:
    """Stub results of stages."""

    def body(work: Work) -> None:
        for file in ARTIFACTS[work.stage.name].files:
            path = work.output(file.key)
            if not path.is_dir():
                path.write_text("stub")
        work.facts.update(facts)

    for name in stages:
        platform.stages(STAGES).run(name, clip, body, lambda _fraction, _text: None)


def clip(platform: Platform, category: str, seed: int) -> ClipId:
    return platform.clip(platform.catalogue.named("ComAsset", category, "manipulation"), seed)


def test_the_grid_says_what_is_valid_rejected_in_work_and_empty(platform: Platform) -> None:
    """The night would buy what exists, or expect clips that failed."""
    make(platform, clip(platform, "mug", 1), "filtered_hoi", valid=True)
    make(platform, clip(platform, "mug", 2), "filtered_hoi", valid=False)
    make(platform, clip(platform, "box", 1), "video_task", provider="kling-ai")
    make(platform, clip(platform, "box", 2), "interaction_video", rejected="too short")
    grid = read_grid(platform, CONFIG, begun={"box|rand00003"})
    counts = {group[1]: found for group, found in grid.counts.items()}
    assert counts["mug"] == Counts(valid=1, rejected=1)
    assert counts["box"] == Counts(rejected=1, in_work=2)
    keys = {cell.key for cell in grid.empty}
    assert "mug|rand00003" in keys
    assert not any(key.startswith("box") for key in keys)
    assert {cell.usd for cell in grid.empty} == {Decimal("0.35")}


def test_without_a_ledger_nothing_is_opened_and_free_clips_are_begun(tmp_path: Path) -> None:
    """A night with the simulated backend would need a ledger, or spend."""
    platform = PlatformResource(results_dir=str(tmp_path)).platform()
    night = plan_night(platform, CONFIG, FakeClock().now(), None)
    assert len(night.chosen) == CONFIG.new_clips
    assert night.usd == 0
    start = begin_night(platform, platform.stages(STAGES), night, FakeClock().now(), None)
    assert start.plan is None
    assert not (tmp_path / "ledger").exists()


def test_a_second_start_in_a_night_begins_what_is_left_of_its_limits(
    platform: Platform, ledger: Ledger, clock: FakeClock
) -> None:
    """A retried job, or a click in the evening, would double the night."""
    first = _begin(platform, ledger, clock)
    assert len(first.chosen) == 2  # 0.70 of 1.00 USD
    again = plan_night(platform, CONFIG, clock.now(), ledger)
    assert again.chosen == ()
    assert again.limits.cells == 2
    assert again.spending.unused == Decimal("0.70")


def test_a_crash_after_the_note_releases_nothing_and_the_next_night_begins_it(
    platform: Platform, ledger: Ledger, clock: FakeClock
) -> None:
    """A cell would be lost for ever, or be released without being launched."""
    night = plan_night(platform, CONFIG, clock.now(), ledger)
    crashed = Begun(at=clock.now(), launch="growth-x", cells=tuple(night.rows()))
    Nights(platform.results_dir).note(night.date, crashed)
    assert PlanBook(ledger).unused_usd(MADE_BY) == 0
    clock.sleep(timedelta(days=1).total_seconds())
    assert [one.cell.key for one in plan_night(platform, CONFIG, clock.now(), ledger).chosen] == [
        one.cell.key for one in night.chosen
    ]


def _begin(platform: Platform, ledger: Ledger, clock: FakeClock) -> Night:
    night = plan_night(platform, CONFIG, clock.now(), ledger)
    begin_night(platform, platform.stages(STAGES), night, clock.now(), ledger)
    return night


def _buy(platform: Platform, ledger: Ledger, one: ClipId, launch: Launch) -> None:
    """What the gate and the ledger do for a clip."""
    video = platform.settings("manipulation").gen_2dhoi.video
    order = fingerprint_of(one.path)
    purchase = Purchase(order, one.path, what_of(video), order_usd(video))
    PlanBook(ledger).release(purchase, launch, Decimal(5))
    ledger.reserve(
        Intent(
            order,
            "video",
            provider="kling-ai",
            account="a",
            model=video.kling_model_name,
            subject=one.path,
            estimate_usd=order_usd(video),
        )
    )


def test_three_nights_with_faults_and_a_growing_inbox(
    platform: Platform, ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    """Night after night money would be spent over a limit, cells be begun for ever, or new objects
    be left out."""
    begun: list[list[str]] = []
    spent: list[Decimal] = []
    mesh = write_box_obj(tmp_path)
    for number in range(3):
        night = _begin(platform, ledger, clock)
        start = Nights(platform.results_dir).begun(night.date)[-1]
        launch = Launch.of_run("run", tags_of(start))
        assert launch.is_automatic
        for place, one in enumerate(night.clips):
            if place == 0:
                continue  # its render fails: nothing is bought, nothing is judged
            _buy(platform, ledger, one, launch)
            make(platform, one, "video_task", provider="kling-ai")
            make(platform, one, "filtered_hoi", valid=number != 1)
        with pytest.raises(NeedsApprovalError):
            _buy(platform, ledger, clip(platform, "kettle", 9), launch)
        begun.append([chosen.cell.key for chosen in night.chosen])
        spent.append(ledger.spent_usd())
        measured = plan_night(platform, CONFIG, clock.now(), ledger).spending
        assert (measured.tonight, measured.this_month) == (Decimal("0.35"), spent[-1])
        assert measured.unused == Decimal("0.35"), "the failing cell's"
        if number == 0:
            entry = ObjectEntry(real_size_m=0.1)
            object_id = platform.catalogue.named("ComAsset", "a_new_one", "manipulation")
            platform.catalogue.add(object_id, entry, mesh, roots=[mesh.parent])
        clock.sleep(timedelta(days=1).total_seconds())
    assert spent == [Decimal("0.35"), Decimal("0.70"), Decimal("1.05")]
    failing = begun[0][0]
    assert [failing in keys for keys in begun] == [True, True, False], "given up after two tries"
    assert any("a-new-one" in key for keys in begun[1:] for key in keys)
    assert plan_night(platform, CONFIG, clock.now(), ledger).grid.given_up >= 1
    assert PlanBook(ledger).unused_usd(MADE_BY) == 0, "releases end with their night"


@pytest.mark.parametrize(
    ("moment", "evening"),
    [("2026-11-22T12:00", 22), ("2026-11-22T23:59", 22), ("2026-11-23T11:59", 22)],
)
def test_a_night_lasts_from_noon_to_noon(moment: str, evening: int) -> None:
    """A night would have two limits, one before midnight and one after."""
    now = datetime.fromisoformat(f"{moment}+00:00")
    assert night_of(now).day == evening
    start, end = bounds(night_of(now))
    assert start <= now < end


def test_a_damaged_file_says_what_to_do(platform: Platform, clock: FakeClock) -> None:
    """One bad file would end every night to come with a traceback."""
    folder = platform.results_dir / "growth"
    folder.mkdir(parents=True)
    (folder / f"{night_of(clock.now())}.json").write_text("{")
    with pytest.raises(BadInputError, match=r"is damaged .* remove it"):
        plan_night(platform, CONFIG, clock.now(), None)
