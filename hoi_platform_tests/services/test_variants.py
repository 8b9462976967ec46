"""Results of several backends side by side: one goes on, none is lost, no death mixes them."""

import multiprocessing
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.artifacts.store import ArtifactStore, State
from hoi_platform.services.purchases import require_known_purchases

CLIP = ClipId(ObjectId("ComAsset", "mug"), "kid", "indoor2-manipulation", 1)
VIDEO = "interaction_video"
SIMULATED, BOUGHT = "simulated procedural-3", "kling-ai kling-v2-6"


def made(store: ArtifactStore, backend: str, text: str = "", **facts: Any) -> ArtifactRecord:
    """A video by a backend, with ground truth where it is simulated."""
    record = ArtifactRecord(
        asset=VIDEO,
        subject=CLIP.path,
        schema_version=1,
        fingerprint=backend,
        code_version="1",
        backend=backend,
        settings={},
        inputs={},
        files={},
        seconds=0.0,
        created_at="2026-01-01T00:00:00+00:00",
        machine="test",
        facts=facts,
    )
    with store.staging(VIDEO, CLIP) as staging:
        staging.path("video").write_text(text or backend)
        staging.path("checks").write_text("[]")
        if backend == SIMULATED:
            staging.path("truth").write_text("truth")
        return store.commit(staging, record)


def standing(store: ArtifactStore) -> tuple[str, bool]:
    """What lies at the reference's path, and whether a truth lies beside it."""
    truth = store.path(VIDEO, "truth", CLIP).exists()
    return store.path(VIDEO, "video", CLIP).read_text(), truth


def test_the_last_made_goes_on_and_the_other_stays(tmp_path: Path) -> None:
    """A bought video would be lost when its clip is simulated, or get the simulated one's truth."""
    store = ArtifactStore(tmp_path)
    first = made(store, SIMULATED)
    assert standing(store) == (SIMULATED, True)
    second = made(store, BOUGHT)
    assert standing(store) == (BOUGHT, False)
    assert store.record(VIDEO, CLIP) == second
    assert store.variants(VIDEO, CLIP) == {"kling-ai": second, "simulated": first}
    for name, record in store.variants(VIDEO, CLIP).items():
        assert store.files_status(record, name).done
    assert store.path(VIDEO, "truth", CLIP, "simulated").is_relative_to(tmp_path / "ground_truth")


def test_a_variant_is_put_in_place_word_for_word(tmp_path: Path) -> None:
    """What was made from a video would be stale after a change of the backend and back."""
    store = ArtifactStore(tmp_path)
    first = made(store, SIMULATED)
    made(store, BOUGHT)
    store.put_in_place(CLIP, first)
    assert standing(store) == (SIMULATED, True)
    assert store.record(VIDEO, CLIP) == first
    assert store.status(VIDEO, CLIP, SIMULATED).done
    assert {*store.variants(VIDEO, CLIP)} == {"kling-ai", "simulated"}


def test_a_file_spoiled_in_place_leaves_its_variant_whole(tmp_path: Path) -> None:
    """A video that somebody overwrote would have to be rendered or fetched again."""
    store = ArtifactStore(tmp_path)
    record = made(store, BOUGHT)
    store.path(VIDEO, "video", CLIP).write_text("another video")
    assert store.status(VIDEO, CLIP, BOUGHT).state is State.CORRUPT
    assert store.files_status(record, "kling-ai").done
    store.put_in_place(CLIP, record)
    assert store.status(VIDEO, CLIP, BOUGHT).done


def test_a_spoiled_variant_is_found(tmp_path: Path) -> None:
    """A damaged file would be put in place, and be found there after all that was made of it."""
    store = ArtifactStore(tmp_path)
    record = made(store, BOUGHT)
    store.path(VIDEO, "video", CLIP, "kling-ai").write_text("another video")
    status = store.files_status(record, "kling-ai")
    assert status.state is State.CORRUPT
    assert "variants/kling-ai/videos_kling" in status.reason


def _without_variants(store: ArtifactStore) -> None:
    """As versions without them left a folder."""
    shutil.rmtree(store.root / "generation" / "variants")


def test_what_an_earlier_version_made_becomes_a_variant_before_it_is_replaced(
    tmp_path: Path,
) -> None:
    """The first change of the backend after an upgrade would throw a bought video away."""
    store = ArtifactStore(tmp_path)
    record = made(store, BOUGHT)
    _without_variants(store)
    made(store, SIMULATED)
    assert store.variants(VIDEO, CLIP)["kling-ai"] == record
    store.put_in_place(CLIP, record)
    assert standing(store) == (BOUGHT, False)


def test_a_rewritten_record_is_its_variant_s_too(tmp_path: Path) -> None:
    """A license stated anew, or a video to be judged anew, would be as before after a change."""
    store = ArtifactStore(tmp_path)
    record = made(store, BOUGHT)
    store.rewrite_record(CLIP, record.model_copy(update={"fingerprint": "new"}))
    assert store.variants(VIDEO, CLIP)["kling-ai"].fingerprint == "new"
    made(store, SIMULATED)
    store.rewrite_variant(CLIP, record.model_copy(update={"fingerprint": "newer"}))
    assert store.variants(VIDEO, CLIP)["kling-ai"].fingerprint == "newer"
    assert (found := store.record(VIDEO, CLIP)) is not None
    assert found.variant == "simulated"


def test_a_removed_artifact_leaves_no_variant(tmp_path: Path) -> None:
    """A clip that was deleted would come back with the next run."""
    store = ArtifactStore(tmp_path)
    made(store, SIMULATED)
    made(store, BOUGHT)
    store.remove(VIDEO, CLIP)
    assert store.record(VIDEO, CLIP) is None
    assert store.variants(VIDEO, CLIP) == {}
    left = [p for p in tmp_path.rglob("*") if p.is_file() and ".staging" not in p.parts]
    assert left == []


def test_a_bought_video_that_is_set_aside_needs_its_ledger(tmp_path: Path) -> None:
    """With a lost ledger, a change of the backend would buy what lies in the folder."""
    store = ArtifactStore(tmp_path)
    made(store, SIMULATED)
    require_known_purchases(tmp_path, "ledger.db", ledger_is_empty=True)
    made(store, BOUGHT)
    made(store, SIMULATED)
    with pytest.raises(MissingResourceError, match="Restore the ledger"):
        require_known_purchases(tmp_path, "ledger.db", ledger_is_empty=True)


class _Dying(ArtifactStore):
    """Its process ends where the variant is whole and the artifact's place is not yet taken."""

    def _put_in_place(self, *_: Any) -> None:
        os._exit(9)


class _DyingHalfWay(ArtifactStore):
    """Its process ends as soon as the first file has been copied into the artifact's place."""

    def _put_in_place(self, record: ArtifactRecord, subject: Any, variant: str) -> None:
        kind = ARTIFACTS[record.asset]
        (self.root / kind.record_path(subject)).unlink(missing_ok=True)
        source = self.path(record.asset, "video", subject, variant)
        self.path(record.asset, "video", subject).write_bytes(source.read_bytes())
        os._exit(9)


def _make_and_die(kind: type[ArtifactStore], root: Path) -> None:
    made(kind(root), BOUGHT)


@pytest.mark.parametrize("dying", [_Dying, _DyingHalfWay])
def test_a_death_between_variant_and_place_is_repaired(
    tmp_path: Path, dying: type[ArtifactStore]
) -> None:
    """A bought video would stand with the truth of the simulated one, or be fetched again."""
    store = ArtifactStore(tmp_path)
    made(store, SIMULATED)
    process = multiprocessing.get_context("spawn").Process(
        target=_make_and_die, args=(dying, tmp_path)
    )
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert not store.status(VIDEO, CLIP, BOUGHT).done
    if dying is _DyingHalfWay:
        assert store.record(VIDEO, CLIP) is None
    record = store.variants(VIDEO, CLIP)["kling-ai"]
    assert store.files_status(record, "kling-ai").done
    store.put_in_place(CLIP, record)
    assert standing(store) == (BOUGHT, False)
    assert store.status(VIDEO, CLIP, BOUGHT).done
