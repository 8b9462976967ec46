"""The ledger on a real PostgreSQL server keeps the promises that it keeps on SQLite."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from hoi_platform.services.ledger.database import make_engine, open_ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.services.ledger.postgres import running_postgres
from hoi_platform_tests.services.ledger.test_edges import ODD_ANSWERS
from hoi_platform_tests.services.ledger.test_ledger import INTENT
from hoi_platform_tests.services.video.test_fault_plans import (
    FEW_PLANS,
    PLANS,
    check,
    run_parallel,
    run_plans,
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_postgres() as server:
        yield server


def test_first_starts_at_once_and_one_sender(url: str) -> None:
    """Workers of several machines would break the schema or send twice."""

    def start(_: int) -> bool:
        ledger = open_ledger(url)
        return ledger.begin_sending(ledger.reserve(INTENT), slots=4) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(start, range(8))) == 1
    (row,) = open_ledger(url).rows()
    assert row.reserved_at.tzinfo is not None


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_odd_answers_are_kept(name: str, url: str) -> None:
    """What PostgreSQL refuses would be lost, and the id of a bought task with it."""
    ledger = open_ledger(url)
    intent = replace(INTENT, fingerprint=sha256(name.encode()).hexdigest(), subject="s" * 2000)
    row = ledger.begin_sending(ledger.reserve(intent))
    assert row is not None
    odd = {"task_id": "t\0\ud800" + "9" * 500, "reason": "\0", "answer": ODD_ANSWERS[name]}
    ledger.advance(row.fingerprint, RequestState.SUBMITTED, **odd)
    row = ledger.get(row.fingerprint)
    assert (row.task_id or "").endswith("9" * 500)
    assert row.subjects == ("s" * 2000,)


def test_leases_live_by_the_server(url: str) -> None:
    """Two machines whose clocks differ by minutes would send one request twice."""
    ledger = open_ledger(url)
    with make_engine(url).connect() as connection:
        there = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    assert 0 <= (ledger.now() - there).total_seconds() < 5


def test_a_few_fault_plans_on_postgresql(url: str, tmp_path: Path) -> None:
    """A video would be paid for twice, or paid for and never fetched."""
    check(run_plans(url, tmp_path, range(FEW_PLANS)))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_thousand_fault_plans_on_postgresql(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A video would be paid for twice, or paid for and never fetched."""
    tally = run_parallel(url, tmp_path, PLANS)
    with capsys.disabled():
        sys.stdout.write(f"\n{PLANS} fault plans, PostgreSQL: {tally}\n")
    check(tally)
