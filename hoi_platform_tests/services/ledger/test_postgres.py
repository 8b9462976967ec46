"""The ledger on a real PostgreSQL server keeps the promises that it keeps on SQLite."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hoi_platform.services.ledger.database import open_ledger
from hoi_platform_tests.services.ledger.postgres import running_postgres
from hoi_platform_tests.services.ledger.test_ledger import INTENT
from hoi_platform_tests.services.video.test_fault_plans import check, run_parallel

PLANS = 1000


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


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fault_plans_on_postgresql(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A video would be paid for twice, or paid for and never fetched."""
    tally = run_parallel(url, tmp_path, PLANS)
    with capsys.disabled():
        sys.stdout.write(f"\n{PLANS} fault plans, PostgreSQL: {tally}\n")
    check(tally)
