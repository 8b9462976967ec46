"""The artifact store: done means same inputs and whole files, whatever happened in between."""

import multiprocessing
import os
import resource
import signal
from pathlib import Path
from unittest.mock import patch

import pytest

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import MissingResourceError, StorageError
from hoi_platform.services.artifacts import record
from hoi_platform.services.artifacts.files import exclusive, move_whole, write_whole
from hoi_platform.services.artifacts.record import (
    ArtifactRecord,
    file_digest,
    fingerprint_of,
    unchanged_file_digest,
)
from hoi_platform.services.artifacts.store import ArtifactStore, State

OBJECT = ObjectId("ComAsset", "mug")
CLIP = ClipId(OBJECT, "kid", "indoor2-manipulation", 1)


def _record(fingerprint: str, inputs: dict[str, str] | None = None) -> ArtifactRecord:
    return ArtifactRecord(
        asset="video_prompt",
        subject=CLIP.path,
        schema_version=1,
        fingerprint=fingerprint,
        code_version="1",
        backend="test",
        settings={},
        inputs=inputs or {},
        files={},
        seconds=0.0,
        created_at="2026-01-01T00:00:00+00:00",
        machine="test",
    )


def _make(
    root: Path, text: str, fingerprint: str, inputs: dict[str, str] | None = None
) -> ArtifactRecord:
    store = ArtifactStore(root)
    with store.staging("video_prompt", CLIP) as staging:
        staging.path("prompt").write_text(text)
        staging.path("text").write_text(text)
        return store.commit(staging, _record(fingerprint, inputs))


def test_a_committed_artifact_is_done(tmp_path: Path) -> None:
    """Nothing would ever be skipped if a fresh artifact were not done."""
    _make(tmp_path, "hello", "f1")
    assert ArtifactStore(tmp_path).status("video_prompt", CLIP, "f1").done


def test_another_fingerprint_is_stale(tmp_path: Path) -> None:
    """A changed setting would keep an old result alive."""
    _make(tmp_path, "hello", "f1")
    assert ArtifactStore(tmp_path).status("video_prompt", CLIP, "f2").state is State.STALE


@pytest.mark.parametrize("damage", ["truncate", "remove", "edit"])
def test_a_damaged_file_is_not_done(tmp_path: Path, damage: str) -> None:
    """A half-written or edited file would count as done, as in the reference."""
    _make(tmp_path, "hello", "f1")
    store = ArtifactStore(tmp_path)
    path = store.path("video_prompt", "text", CLIP)
    if damage == "remove":
        path.unlink()
    else:
        path.write_text("" if damage == "truncate" else "jello")
    status = store.status("video_prompt", CLIP, "f1")
    assert status.state is State.CORRUPT
    assert path.name in status.reason


def test_a_file_swapped_after_it_was_verified_is_not_done(tmp_path: Path) -> None:
    """A process that hashed a video once would trust whatever is put in its place later."""
    _make(tmp_path, "hello", "f1")
    store = ArtifactStore(tmp_path)
    path = store.path("video_prompt", "text", CLIP)
    before = path.stat()
    assert store.status("video_prompt", CLIP, "f1").done
    swapped = path.with_name("swapped")
    swapped.write_text("jello")
    os.utime(swapped, ns=(before.st_atime_ns, before.st_mtime_ns))
    swapped.replace(path)
    assert store.status("video_prompt", CLIP, "f1").state is State.CORRUPT
    path.write_text("hello")
    assert store.status("video_prompt", CLIP, "f1").done
    path.write_text("jello")  # in place, at the same size and with the old time
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.status("video_prompt", CLIP, "f1").state is State.CORRUPT


def test_an_untouched_file_is_hashed_once(tmp_path: Path) -> None:
    """Every stage of a clip would read all of its videos again."""
    path = tmp_path / "file"
    path.write_text("hello")
    with patch.object(record, "file_digest", wraps=file_digest) as hashed:
        assert unchanged_file_digest(path) == unchanged_file_digest(path) == file_digest(path)
        assert hashed.call_count == 1
        path.write_text("other")
        assert unchanged_file_digest(path) == file_digest(path)
        assert hashed.call_count == 2


def test_an_input_made_anew_with_other_content_makes_stale(tmp_path: Path) -> None:
    """A result of an input that no longer exists would count as done."""
    _make(tmp_path, "hello", "f1", inputs={"video_prompt": "another digest"})
    status = ArtifactStore(tmp_path).status("video_prompt", CLIP, "f1")
    assert status.state is State.STALE
    assert "video_prompt was made again" in status.reason


def _crash_while_making(store: ArtifactStore) -> None:
    with store.staging("video_prompt", CLIP) as staging:
        staging.path("prompt").write_text("new")
        raise RuntimeError("crash")


def test_a_failed_body_leaves_the_old_artifact(tmp_path: Path) -> None:
    """A crash while making the new result would destroy the old one or leave scratch files."""
    _make(tmp_path, "old", "f1")
    store = ArtifactStore(tmp_path)
    with pytest.raises(RuntimeError):
        _crash_while_making(store)
    assert store.status("video_prompt", CLIP, "f1").done
    assert list((tmp_path / ".staging").glob("video_prompt-*")) == []


def test_a_missing_output_is_refused(tmp_path: Path) -> None:
    """A stage that forgot a file would be recorded as done."""
    store = ArtifactStore(tmp_path)
    with store.staging("video_prompt", CLIP) as staging:
        staging.path("prompt").write_text("x")
        with pytest.raises(FileNotFoundError, match="did not write its text"):
            store.commit(staging, _record("f1"))


def test_missing_upstream_names_the_cure(tmp_path: Path) -> None:
    """Users would not learn which asset to materialize."""
    with pytest.raises(MissingResourceError, match="materialize video_prompt first"):
        ArtifactStore(tmp_path).require("video_prompt", "text", CLIP)


def _write_many(root: Path, letter: str) -> None:
    for i in range(20):
        _make(root, letter * (1000 + i), "f1")


def test_two_processes_end_with_one_whole_artifact(tmp_path: Path) -> None:
    """Racing workers would mix one's prompt with the other's text."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write_many, args=(tmp_path, c)) for c in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    store = ArtifactStore(tmp_path)
    assert store.status("video_prompt", CLIP, "f1").done
    texts = {store.path("video_prompt", key, CLIP).read_text() for key in ("prompt", "text")}
    assert len(texts) == 1


def _write_forever(root: Path) -> None:
    while True:
        _make(root, "x" * 5000, "f1")


def test_a_killed_writer_leaves_whole_or_not_done(tmp_path: Path) -> None:
    """A SIGKILL in the middle would leave a record over half-moved files."""
    context = multiprocessing.get_context("spawn")
    store = ArtifactStore(tmp_path)
    worker = context.Process(target=_write_forever, args=(tmp_path,))
    worker.start()
    while not store.status("video_prompt", CLIP, "f1").done:
        assert worker.is_alive()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    status = store.status("video_prompt", CLIP, "f1")
    assert status.done or status.state is State.MISSING
    _make(tmp_path, "again", "f1")
    assert store.status("video_prompt", CLIP, "f1").done


def _hold(lock: Path) -> None:
    with exclusive(lock):
        os.kill(os.getpid(), signal.SIGSTOP)


def test_a_lock_of_a_stopped_process_is_not_waited_for_without_end(tmp_path: Path) -> None:
    """One process stopped with Ctrl-Z would hang every other one, and nobody would know why."""
    lock = tmp_path / "locks" / "a.lock"
    holder = multiprocessing.get_context("fork").Process(target=_hold, args=(lock,))
    holder.start()
    os.waitid(os.P_PID, holder.pid or 0, os.WSTOPPED | os.WNOWAIT)
    with (
        pytest.raises(StorageError, match=rf"held by process {holder.pid} for 0.1 s"),
        exclusive(lock, patience_s=0.1),
    ):
        pass
    os.kill(holder.pid or 0, signal.SIGCONT)
    with exclusive(lock, patience_s=30):
        holder.join()
    assert holder.exitcode == 0


def test_write_whole_replaces_in_one_step(tmp_path: Path) -> None:
    """Readers would see a file that is being written."""
    path = tmp_path / "a" / "file.txt"
    write_whole(path, "one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_move_whole_replaces_folders(tmp_path: Path) -> None:
    """An artifact made anew would keep files of the old one."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (old / "stale.txt").touch()
    new.mkdir()
    (new / "fresh.txt").touch()
    move_whole(new, old)
    assert [p.name for p in old.iterdir()] == ["fresh.txt"]
    assert not new.exists()


def test_fingerprints_ignore_key_order_alone() -> None:
    """Equal settings would be judged different, or different ones equal."""
    assert fingerprint_of({"a": 1, "b": [1, 2]}) == fingerprint_of({"b": [1, 2], "a": 1})
    assert fingerprint_of({"a": 1, "b": [1, 2]}) != fingerprint_of({"a": 1, "b": [2, 1]})
    assert fingerprint_of({"a": 1}) != fingerprint_of({"a": 1.5})


def _make_with_small_files(root: Path, answers: "multiprocessing.Queue[str]") -> None:
    """Where no file may grow beyond 1 kB; the kernel itself refuses."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        _make(root, "x" * 2000, "f2")
    except StorageError as error:
        answers.put(str(error))
    except BaseException as error:  # noqa: BLE001 - reported to the test
        answers.put(f"{type(error).__name__}: {error}")


def test_a_disk_that_refuses_is_one_error_with_the_cure(tmp_path: Path) -> None:
    """A full disk would surface as an OSError of some library, and leave half an artifact."""
    _make(tmp_path, "old", "f1")
    answers: multiprocessing.Queue[str] = multiprocessing.get_context("fork").Queue()
    process = multiprocessing.get_context("fork").Process(
        target=_make_with_small_files, args=(tmp_path, answers)
    )
    process.start()
    said = answers.get(timeout=30)
    process.join()
    assert said.startswith(f"video_prompt of {CLIP.path}: ")
    assert "could not be written (File too large)" in said
    assert "finished stages are kept" in said
    assert ArtifactStore(tmp_path).status("video_prompt", CLIP, "f1").done
    assert not [p for p in (tmp_path / ".staging").iterdir() if p.name != "locks"]
