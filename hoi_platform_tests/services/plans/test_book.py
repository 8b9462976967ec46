"""Plans: approved once, each cell of them used once, whatever runs at the same time."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hoi_platform.core.errors import BadInputError, NeedsApprovalError
from hoi_platform.services.fake_apis.clock import FakeClock
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.plans.book import LASTS, PlanBook, Purchase
from hoi_platform.services.plans.launch import LAUNCH_TAG, PLANNED_ONLY_TAG, Launch
from hoi_platform.services.plans.pricing import Cell, Prices
from hoi_platform_tests.services.ledger.postgres import running_postgres

WHAT, PRICE, NOTHING = "kling-ai kling-v2-5-turbo pro, 5 s", Decimal("0.35"), Decimal(0)
LIMIT = Decimal("1.00")
PERSON, SENSOR = Launch("backfill"), Launch("tick", is_automatic=True)


def prices(*clips: str) -> Prices:
    return Prices(tuple(Cell(clip, WHAT, PRICE) for clip in clips), NOTHING)


def purchase(clip: str, order: str = "") -> Purchase:
    return Purchase((order or clip) * 4, clip, WHAT, PRICE)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def book(tmp_path: Path, clock: FakeClock) -> PlanBook:
    return PlanBook(open_ledger(f"sqlite:///{tmp_path}/ledger.db", clock=clock.now))


def test_a_launch_buys_up_to_its_limit_and_the_next_has_its_own(book: PlanBook) -> None:
    """A backfill of a thousand clips would pass, because each of its runs is small."""
    for clip in ("a", "b"):
        book.release(purchase(clip), PERSON, LIMIT)
    with pytest.raises(NeedsApprovalError, match=r"needs approval: \$0\.35 .*0\.30 USD.*hoi appro"):
        book.release(purchase("c"), PERSON, LIMIT)
    book.release(purchase("b"), PERSON, LIMIT)  # once more, after a crash: it is released already
    book.release(purchase("c"), Launch("another"), LIMIT)


def test_what_nobody_has_seen_buys_by_a_plan_alone(book: PlanBook) -> None:
    """A sensor that goes on with a batch would buy it one clip at a time."""
    with pytest.raises(NeedsApprovalError, match="sensors and schedules"):
        book.release(purchase("a"), SENSOR, LIMIT)
    book.write(prices("a"), "growth", approved=True)
    book.release(purchase("a"), SENSOR, LIMIT)
    book.release(purchase("z"), SENSOR, None)  # no limit is configured


def test_a_plan_releases_its_cells_once(book: PlanBook) -> None:
    """An approval would be good for any number of purchases, or for other clips and prices."""
    plan = book.write(prices("a", "b"), "hoi run")
    with pytest.raises(NeedsApprovalError):
        book.release(purchase("a"), PERSON, NOTHING)
    book.approve(plan.id, "me")
    for other in (
        purchase("c"),
        replace(purchase("a"), usd=Decimal("0.36")),
        replace(purchase("a"), what="kling-ai kling-v3 pro, 5 s"),
    ):
        with pytest.raises(NeedsApprovalError):
            book.release(other, PERSON, NOTHING)
    book.release(purchase("a", "first"), PERSON, NOTHING)
    book.release(purchase("a", "first"), PERSON, NOTHING)
    with pytest.raises(NeedsApprovalError):
        book.release(purchase("a", "again"), PERSON, NOTHING)


def test_approving_twice_is_refused(book: PlanBook) -> None:
    """A second click would say that it released something."""
    plan = book.write(prices("a"), "hoi run")
    book.approve(plan.id, "me")
    with pytest.raises(BadInputError, match=r"was approved at .* by me; .*hoi run --dry_run"):
        book.approve(plan.id, "you")


def test_a_later_plan_takes_the_place_of_a_release_that_was_not_used(book: PlanBook) -> None:
    """Two dry runs of the same batch, both approved, would release every clip twice."""
    for _ in range(2):
        book.approve(book.write(prices("a"), "hoi run").id, "me")
    book.release(purchase("a", "first"), PERSON, NOTHING)
    with pytest.raises(NeedsApprovalError):
        book.release(purchase("a", "again"), PERSON, NOTHING)


def test_plans_expire(book: PlanBook, clock: FakeClock) -> None:
    """A forgotten plan would release purchases at the prices of last year."""
    late, used_late = (book.write(prices(clip), "hoi run") for clip in "ab")
    book.approve(used_late.id, "me")
    clock.sleep(LASTS.total_seconds())
    with pytest.raises(BadInputError, match="expired at"):
        book.approve(late.id, "me")
    with pytest.raises(NeedsApprovalError):
        book.release(purchase("b"), PERSON, NOTHING)
    assert book.open_plans() == []


def test_an_unknown_plan_is_refused_with_the_open_ones(book: PlanBook) -> None:
    """A mistyped id would be a traceback."""
    plan = book.write(prices("a"), "hoi run")
    with pytest.raises(BadInputError, match=f"no plan 'x'; waiting for approval: {plan.id}"):
        book.approve("x", "me")


def test_looking_uses_nothing(book: PlanBook) -> None:
    """A prompt would use up the release that its video needs."""
    book.write(prices("a"), "growth", approved=True)
    for _ in range(2):
        book.require_releasable(purchase("a"), SENSOR, LIMIT)
    book.release(purchase("a"), SENSOR, LIMIT)
    with pytest.raises(NeedsApprovalError):
        book.require_releasable(purchase("b"), SENSOR, LIMIT)


def test_what_growth_may_still_spend_is_what_its_plans_hold(
    book: PlanBook, clock: FakeClock
) -> None:
    """A night's limit would be spent again by a second start in the same night."""
    book.write(prices("a", "b"), "growth", approved=True, lasts=timedelta(hours=12))
    book.write(prices("c"), "hoi run")
    assert book.unused_usd("growth") == 2 * PRICE
    book.release(purchase("a"), SENSOR, LIMIT)
    assert book.unused_usd("growth") == PRICE
    clock.sleep(timedelta(hours=12).total_seconds())
    assert book.unused_usd("growth") == 0


def _tries(url: str, number: int, plan_id: str) -> tuple[bool, bool]:
    """Whether this process approved the plan, and whether it used its only cell."""
    book = PlanBook(open_ledger(url))
    try:
        book.approve(plan_id, str(number))
        approved = True
    except BadInputError:
        approved = False
    try:
        book.release(purchase("a", str(number)), SENSOR, NOTHING)
    except NeedsApprovalError:
        return approved, False
    return approved, True


def test_of_several_processes_one_approves_and_one_buys(tmp_path: Path) -> None:
    """Two clicks at once would pay twice."""
    _race(f"sqlite:///{tmp_path}/ledger.db")


@pytest.mark.long
def test_of_several_machines_one_approves_and_one_buys() -> None:
    """A click on each of two machines would pay twice."""
    with running_postgres() as url:
        _race(url)
        book = PlanBook(open_ledger(url))
        assert book.spent_usd("hoi run", book.now() - LASTS) == 0


def _race(url: str) -> None:
    plan = PlanBook(open_ledger(url)).write(prices("a"), "hoi run")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=context) as pool:
        results = list(pool.map(_tries, [url] * 6, range(6), [plan.id] * 6))
    assert sum(approved for approved, _ in results) == 1
    assert sum(used for _, used in results) == 1


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, Launch("run")),
        ({"dagster/backfill": "b"}, Launch("b")),
        ({"dagster/root_run_id": "r"}, Launch("r")),
        ({"dagster/sensor_name": "s"}, Launch("run", is_automatic=True)),
        ({"dagster/sensor_name": "s", LAUNCH_TAG: "l"}, Launch("l")),
        ({"dagster/backfill": "b", LAUNCH_TAG: "l"}, Launch("l")),
        ({LAUNCH_TAG: "l", PLANNED_ONLY_TAG: "1"}, Launch("l", is_automatic=True)),
    ],
)
def test_the_launch_of_a_run(tags: dict[str, str], expected: Launch) -> None:
    """A retry would have an allowance of its own, a sensor's run a person's."""
    assert Launch.of_run("run", tags) == expected
