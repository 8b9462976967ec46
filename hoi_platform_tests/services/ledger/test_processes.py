"""What an account may have open at once holds across processes, not only threads."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from hoi_platform.services.ledger.database import open_ledger
from hoi_platform_tests.services.ledger.postgres import running_postgres
from hoi_platform_tests.services.ledger.test_ledger import INTENT

SLOTS, PROCESSES, REQUESTS = 3, 4, 12


def take_slot(url: str, number: int) -> bool:
    """Reserve one of many requests and try to send it."""
    ledger = open_ledger(url)
    row = ledger.reserve(replace(INTENT, fingerprint=f"{number:02d}" * 32))
    return ledger.begin_sending(row, slots=SLOTS) is not None


def test_slots_are_held_across_processes_sqlite(tmp_path: Path) -> None:
    """Workers would together send more than the resource pack allows."""
    assert _taken(f"sqlite:///{tmp_path}/ledger.db") == SLOTS


def test_slots_are_held_across_processes_postgresql() -> None:
    """Workers of several machines would together send more than the resource pack allows."""
    with running_postgres() as url:
        assert _taken(url) == SLOTS


def _taken(url: str) -> int:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        return sum(pool.map(take_slot, [url] * REQUESTS, range(REQUESTS)))
