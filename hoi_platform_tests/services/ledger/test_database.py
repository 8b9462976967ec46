"""Opening the ledger's database: addresses, locks, damage, earlier versions, cut-off set-ups."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from hoi_platform.core.errors import ConfigError, HoiError
from hoi_platform.services.ledger.database import make_engine, migrate, open_ledger
from hoi_platform.services.ledger.faults import (
    LedgerBrokenError,
    LedgerBusyError,
)
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.services.ledger.test_ledger import INTENT

S = RequestState


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


def damaged(path: Path) -> None:
    path.write_bytes(b"this is no database, and it is longer than a page" * 100)


def truncated(path: Path) -> None:
    open_ledger(f"sqlite:///{path}").reserve(INTENT)
    sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes()[:9000])


def newer(path: Path) -> None:
    open_ledger(f"sqlite:///{path}")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE hoi_ledger_version SET version_num = '9999'")


def in_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("no folder")


FAULTS = {
    "damaged": (damaged, "is damaged.*backup"),
    "truncated": (truncated, "is damaged.*backup"),
    "newer": (newer, "newer version.*update the platform"),
    "no folder": (in_a_file, "ledger.*cannot be"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_ledger_is_one_line_with_its_cure(name: str, tmp_path: Path) -> None:
    """A person would be shown a page of a library's internals, and not know what to do."""
    path = tmp_path / "ledger" / "ledger.db"
    path.parent.mkdir()
    breaks, message = FAULTS[name]
    breaks(path)
    command = [sys.executable, "-m", "hoi_platform.cli", "ledger", "list"]
    command += ["--results_dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    with pytest.raises(LedgerBrokenError, match=message):
        open_ledger(f"sqlite:///{path}").rows()


@pytest.mark.parametrize(("query", "milliseconds"), [("", 30_000), ("?timeout=0.1", 100)])
def test_an_address_says_how_long_a_lock_is_waited_for(
    query: str, milliseconds: int, url: str
) -> None:
    """The address' timeout would be accepted and ignored, or a short lock end a batch."""
    with make_engine(url + query).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == milliseconds


def test_a_locked_ledger_passes(url: str, tmp_path: Path) -> None:
    """Another process' backup would end a batch for good."""
    ledger = open_ledger(url)
    ledger._engine.dispose()
    engine = make_engine(url.replace("ledger.db", "ledger.db?timeout=0.1"))
    with sqlite3.connect(tmp_path / "ledger.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerBusyError, match="locked by another process"):
            Ledger(engine).reserve(INTENT)
        other.execute("ROLLBACK")
    Ledger(engine).reserve(INTENT)


def test_an_unreachable_database_hides_its_password() -> None:
    """A password would stand in a log."""
    with pytest.raises(HoiError, match="cannot be reached") as raised:
        open_ledger("postgresql://hoi:sesame@127.0.0.1:9/ledger")
    assert "sesame" not in str(raised.value)
    with pytest.raises(ConfigError, match="HOI_LEDGER_URL"):
        open_ledger("::no address::")


def test_version_1_is_brought_up_to_date(url: str) -> None:
    """A purchase would lose its clip, and a video that version 1 gave up would never be fetched."""
    engine = make_engine(url)
    migrate(engine, "0001")
    columns = "fingerprint, external_task_id, subject, state, reason, estimate_usd"
    rows = [
        ("a" * 64, "hoi-a", "clip a", "failed", "the delivered video is unusable: dark", 1),
        ("b" * 64, "hoi-b", "clip b", "failed", "generation failed", 1),
    ]
    rest = "kind, provider, account, model, attempt, reserved_at, updated_at, sends"
    values = "'video', 'kling-ai', 'k', 'm', 0, '2026-11-21 16:00:00', '2026-11-21 16:00:00', 1"
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        sql = f"INSERT INTO paid_request ({columns}, {rest}) VALUES (?, ?, ?, ?, ?, ?, {values})"
        database.executemany(sql, rows)
    migrated = open_ledger(url).rows()
    assert [row.subjects for row in migrated] == [("clip a",), ("clip b",)]
    assert [row.state for row in migrated] == [S.SUCCEEDED, S.FAILED]


@pytest.mark.parametrize("before", ["nothing", "0001", "0002"])
def test_a_migration_that_is_cut_off_anywhere_is_done_by_the_next_start(
    url: str, before: str
) -> None:
    """A process that was stopped in its first moments would leave a ledger that nobody can open."""
    if before != "nothing":
        migrate(make_engine(url), before)
    cut = 0
    while _cut_off(url, cut):
        cut += 1
    assert cut >= 5
    ledger = open_ledger(url)
    assert ledger.reserve(INTENT).state == S.RESERVED


def _cut_off(url: str, statements: int) -> bool:
    """Whether the migration was stopped before its next statement; else it was done."""
    engine, left = make_engine(url), [statements]

    def stop(*_: object) -> None:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1

    event.listen(engine, "before_cursor_execute", stop)
    try:
        migrate(engine)
    except KeyboardInterrupt:
        return True
    finally:
        engine.dispose()
    return False
