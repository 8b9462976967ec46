"""A results folder of the first version goes on as today's: nothing is bought again."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from hoi_platform.assets.stage import flow_order
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.instance import project_instance
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.store import State
from hoi_platform.services.fake_apis.chat import CHAT_KEY, FakeChat
from hoi_platform.services.fake_apis.fal import FakeFal
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.server import application, free_port, serving
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import utc_now
from hoi_platform.services.purchases import require_known_purchases
from hoi_platform_tests.platform.first_version import (
    contents,
    migrate,
    resource_of,
    states,
    unpacked,
)
from hoi_platform_tests.platform.stand_ins import paid_environment
from hoi_platform_tests.services.video.paid_world import MAKE_VIDEO

DRILL = ObjectId("ComAsset", "cordless_drill")
CLIP = ClipId(DRILL, "kid", "indoor2-manipulation", 1)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """One bought clip, from its mesh to the index, as version 1 left it."""
    return unpacked(tmp_path)


@pytest.fixture
def resource(results: Path, tmp_path: Path) -> PlatformResource:
    return resource_of(results, tmp_path)


@pytest.fixture
def chat() -> Iterator[FakeChat]:
    """The vision model's stand-in on loopback, which the environment points at."""
    port, chat = free_port(), FakeChat(utc_now)
    values = {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/openai/v1", "OPENAI_API_KEY": CHAT_KEY}
    kling, fal = FakeKling(utc_now, MAKE_VIDEO), FakeFal(utc_now, MAKE_VIDEO)
    with paid_environment(values), serving(application(kling, fal, chat), port):
        yield chat


def test_a_dry_run_changes_nothing(results: Path, resource: PlatformResource) -> None:
    """Looking at what an upgrade would do would already do it."""
    before = contents(results)
    shown = migrate(resource)
    assert "carried over" in shown
    assert "left stale" not in shown
    assert "nothing was changed" in shown
    assert contents(results) == before


def test_a_migrated_clip_is_done_and_bought_once(
    results: Path, resource: PlatformResource, kling: FakeKling
) -> None:
    """An upgrade would buy every video again and redo hours of work."""
    migrate(resource, "--apply")
    assert states(resource, CLIP) == {State.DONE}
    outcomes = ChainRunner(resource).run(DRILL, [1], flow_order())
    outcomes += ChainRunner(resource).run_index()
    assert [o.error for o in outcomes if o.error] == []
    assert [o.asset for o in outcomes if o.made] in ([], ["dataset_index"])
    assert kling.calls == []
    assert "nothing to migrate" in migrate(resource, "--apply")
    store = resource.platform().store
    (bought,) = store.variants("interaction_video", CLIP).values()
    assert (bought.variant, store.files_status(bought, "kling-ai").done) == ("kling-ai", True)


def test_the_scene_of_the_first_version_is_read_and_done(resource: PlatformResource) -> None:
    """What counts as done could not be judged, shown or exported any more."""
    migrate(resource, "--apply")
    store = resource.platform().store
    file = store.path("scene_render", "scene", CLIP)
    old = json.loads(file.read_bytes())
    assert old["schema_version"] == 1
    spec = SceneSpec.model_validate(old)
    (table,) = spec.supports
    assert isinstance(table, BoxSpec)
    assert (list(table.pos), list(table.size)) == (old["table"]["pos"], old["table"]["size"])
    assert table.legs
    assert len(spec.statics) == len(old["furniture"]) > 0
    assert states(resource, CLIP) == {State.DONE}


def test_the_page_shows_what_is_done_under_the_keys_of_today(
    results: Path, resource: PlatformResource
) -> None:
    """The grid would be empty after an upgrade, and show rows that can no longer be chosen."""
    old = "comasset--cordless_drill--manipulation"
    materializations = {"object_mesh": "cordless-drill", "scene_render": "cordless-drill|rand00001"}
    with project_instance() as instance:
        instance.wipe_assets([dg.AssetKey(asset) for asset in flow_order()])
        instance.add_dynamic_partitions("objects", [old, "another--folder--manipulation"])
        shown = migrate(resource)
        assert old in shown
        assert "partitions to show" in shown
        assert old in instance.get_dynamic_partitions("objects")
        assert not (results / "catalogue" / "keys.json").exists()
        migrate(resource, "--apply")
        for asset, partition in materializations.items():
            assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {partition}
        keys = instance.get_dynamic_partitions("objects")
        assert {"cordless-drill", "another--folder--manipulation"} <= {*keys}
        assert old not in keys
    assert "nothing to migrate" in migrate(resource, "--apply")


def rewritten(results: Path, changes: dict[str, Any], settings: dict[str, Any]) -> None:
    """Every record with other fields and with other values of the settings that it has.

    No variants: earlier versions had none.
    """
    shutil.rmtree(results / "generation" / "variants", ignore_errors=True)
    for file in (results / "generation" / "records").rglob("*.json"):
        record = json.loads(file.read_text())
        record["settings"] |= {k: v for k, v in settings.items() if k in record["settings"]}
        file.write_text(json.dumps(record | changes))


def test_draws_by_path_of_the_second_version_are_carried_over(
    results: Path, resource: PlatformResource
) -> None:
    """A frame whose stance was drawn by its path would be rendered and bought again."""
    migrate(resource, "--apply")
    former = {"record_version": 2, "fingerprint": "0" * 64, "migrated_from": None}
    rewritten(results, former, {"stance_seed": [1, 2, 3]})
    assert states(resource, CLIP) == {State.STALE}
    migrate(resource, "--apply")
    assert states(resource, CLIP) == {State.DONE}


def test_a_mesh_that_the_library_builds_otherwise_is_left(
    results: Path, resource: PlatformResource
) -> None:
    """An object of another shape would count as today's."""
    facts = {"vertices": 8, "faces": 12, "extents": [1, 1, 1], "area": 6.0, "volume": 1.0}
    rewritten(results, {"facts": facts}, {})
    assert "left stale: its settings differ: source was" in migrate(resource)


def test_a_redone_chain_finds_its_purchase(
    results: Path, resource: PlatformResource, kling: FakeKling
) -> None:
    """The row would keep an identity that nobody asks for: the next run buys again."""
    migrate(resource, "--apply")
    store = resource.platform().store
    for asset in ("video_task", "interaction_video"):
        store.remove(asset, CLIP)
    outcomes = ChainRunner(resource).run(DRILL, [1], ["video_task", "interaction_video"])
    assert [o.error for o in outcomes] == [None, None]
    assert kling.calls == []
    (video,) = [
        r for r in open_ledger(f"sqlite:///{results}/ledger/ledger.db").rows() if r.kind == "video"
    ]
    assert video.subjects == (str(CLIP),)


def test_nothing_is_bought_before_the_migration(results: Path, resource: PlatformResource) -> None:
    """A new version on an old folder would buy all of its videos again."""
    assert states(resource, CLIP) == {State.STALE}
    command = [sys.executable, "-m", "hoi_platform.cli", "status", "--results_dir", str(results)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "made by an earlier version: run `hoi migrate`" in shown.stdout
    with pytest.raises(MissingResourceError, match="hoi migrate --apply"):
        require_known_purchases(results, "ledger.db", ledger_is_empty=False)


def test_what_another_profile_made_is_left_and_taken_up_later(
    results: Path, resource: PlatformResource
) -> None:
    """Results would count as done for settings that they were not made with."""
    demo = ["--profile", "demo"]
    assert "left stale: its settings differ" in migrate(resource, *demo, "--apply")
    assert State.STALE in states(resource, CLIP)
    assert "left stale" not in migrate(resource, "--apply")
    assert states(resource, CLIP) == {State.DONE}


def test_a_redone_prompt_finds_its_answer(
    results: Path, resource: PlatformResource, chat: FakeChat
) -> None:
    """A stale prompt would be asked for again, and its video with it."""
    migrate(resource, "--apply")
    store = resource.platform().store
    text = store.path("video_prompt", "text", CLIP).read_text()
    record = store.record("video_prompt", CLIP)
    assert record is not None
    store.rewrite_record(CLIP, record.model_copy(update={"fingerprint": "0" * 64}))
    (outcome,) = ChainRunner(resource).run(DRILL, [1], ["video_prompt"])
    assert (outcome.error, outcome.made) == (None, True)
    assert chat.calls == []
    assert store.path("video_prompt", "text", CLIP).read_text() == text
    ledger = open_ledger(f"sqlite:///{results}/ledger/ledger.db")
    (row,) = [row for row in ledger.rows() if row.kind == "vision"]
    assert row.subjects == (str(CLIP),)
