"""The disasters of the chaos bench are real: the kernel fails the calls, torn sectors are lost."""

import os
import random
import signal
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from hoi_platform.core.errors import TransientError
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.chaos import kernel
from hoi_platform.services.chaos.failpoints import open_descriptors
from hoi_platform.services.chaos.power import tear
from hoi_platform.services.fake_apis.tasks import Order
from hoi_platform.services.fake_apis.videos import still_video
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.remote import RemoteTask, TaskRef, VideoProvider


def in_child(body: Callable[[], None]) -> int:
    """The wait status of a forked process that runs ``body``."""
    pid = os.fork()
    if not pid:
        status = 1
        try:
            body()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1]


def ledger(path: Path) -> sqlite3.Connection:
    """A database that is kept as the ledger is."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS row (text TEXT)")
    return connection


def insert(connection: sqlite3.Connection, count: int) -> None:
    with connection:
        connection.executemany("INSERT INTO row VALUES (?)", [("x" * 300,)] * count)


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("target", ["video write", "record sync", "record create"])
def test_files_cannot_be_written_any_more(target: str, error: str, tmp_path: Path) -> None:
    """A full disk would be none, and the bench would try nothing."""
    path = tmp_path / "record.json"
    write_whole(path, "old")

    def body() -> None:
        kernel.fail_from_now_on(target, error)
        with pytest.raises(OSError, match="No space left" if error == "ENOSPC" else "Input/output"):
            write_whole(path, "new")

    assert in_child(body) == 0
    assert path.read_text() == "old"


@pytest.mark.parametrize("target", ["ledger write", "ledger sync"])
def test_sqlite_cannot_commit_any_more(target: str, tmp_path: Path) -> None:
    """A full disk under the ledger would be none."""
    connection = ledger(tmp_path / "ledger.db")
    connection.close()

    def body() -> None:
        connection = ledger(tmp_path / "ledger.db")
        kernel.fail_from_now_on(target, "EIO")
        with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
            insert(connection, 1)

    assert in_child(body) == 0


@pytest.mark.parametrize("seed", range(40))
def test_a_torn_commit_is_whole_or_absent(seed: int, tmp_path: Path) -> None:
    """Confirmed rows would be lost by a power failure, or half a transaction be believed."""
    path, log = tmp_path / "ledger.db", tmp_path / "ledger.db-wal"
    before = tmp_path / "before"

    def body() -> None:
        connection = ledger(path)
        insert(connection, 20)
        before.write_bytes(log.read_bytes())
        kernel.die_at_sync_of(open_descriptors(log))
        insert(connection, 30)

    assert os.WTERMSIG(in_child(body)) == signal.SIGSYS
    torn = tear(log, before.read_bytes(), random.Random(seed))
    Path(f"{path}-shm").unlink()  # memory, which a power failure empties
    (count,) = sqlite3.connect(path).execute("SELECT count(*) FROM row").fetchone()
    assert count in ((20, 50) if torn else (50,))


def test_only_unsynced_sectors_are_torn(tmp_path: Path) -> None:
    """The bench would lose what no power failure loses, and blame the ledger for it."""
    path, before = tmp_path / "file", bytes(8 * 512)
    after = bytearray(before)
    after[512:1024] = b"n" * 512
    for seed in range(50):
        path.write_bytes(after)
        tear(path, before, random.Random(seed))
        torn = path.read_bytes()
        assert torn[:512] + torn[1024:] == before[:512] + before[1024:]


class OneVideo:
    """A service that has one finished video."""

    name = "kling-ai"
    keeps_videos_for = timedelta(days=30)

    def __init__(self, video: bytes) -> None:
        self._video = video

    def find(self, ref: TaskRef) -> RemoteTask:
        return RemoteTask("860", ref.external_task_id, "succeeded", video_url="https://files")

    def download(self, _url: str, target: Path) -> None:
        target.write_bytes(self._video)


def test_a_paid_video_that_cannot_be_synced_is_fetched_again(tmp_path: Path) -> None:
    """A full disk would end a paid clip with the bare error of the system."""
    noise = Order("kling", "", b"", 5.0, None)
    service = cast(VideoProvider, OneVideo(still_video(width=320, fps=1)(noise)))
    delivery = Delivery(tmp_path, lambda _seconds: None)
    ref = TaskRef("hoi-1", "860", "kling")

    def body() -> None:
        kernel.fail_from_now_on("video sync", "ENOSPC")
        with pytest.raises(
            TransientError, match=r"30 days.*is fetched again.*No space left on device"
        ):
            delivery.fetch(service, ref, "mug")

    assert in_child(body) == 0
    assert list(tmp_path.iterdir()) == []
    assert delivery.fetch(service, ref, "mug").is_file()
