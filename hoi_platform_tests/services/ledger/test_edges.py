"""What enters the ledger, and what its database does: cleaned, believed, explained."""

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from hoi_platform.core.errors import BadInputError
from hoi_platform.services.fake_apis.clock import FakeClock
from hoi_platform.services.ledger.carrying import rename_subjects
from hoi_platform.services.ledger.clean import clean_json, clean_text
from hoi_platform.services.ledger.costs import cost_problem
from hoi_platform.services.ledger.database import make_engine, migrate, open_ledger
from hoi_platform.services.ledger.faults import (
    UnwrittenAnswerError,
)
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.ledger.waiting import waits_for
from hoi_platform_tests.services.ledger.test_ledger import INTENT

S = RequestState
SENDER = """
import sys
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform_tests.services.ledger.test_ledger import INTENT
ledger = open_ledger(sys.argv[1])
ledger.begin_sending(ledger.reserve(INTENT))
print("sending", flush=True)
sys.stdin.readline()
"""
ODD_TEXTS = {"nul": "a\0b", "surrogate": "a\ud800b", "long": "x" * 100_000, "plain": "Grüße 🙂"}


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"deeper": value}
    return value


ODD_ANSWERS: dict[str, Any] = {
    "nan": {"seconds": float("nan"), "cost": float("-inf")},
    "surrogate": {"k\ud800": ["\udfff", "\0"]},
    "deep": nested(5_000),
    "large": {"items": ["x" * 1000] * 1000},
}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


def sent(ledger: Ledger) -> str:
    row = ledger.begin_sending(ledger.reserve(INTENT))
    assert row is not None
    return row.fingerprint


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_texts_are_such_that_every_database_accepts_them(name: str) -> None:
    """PostgreSQL would refuse a service's answer, and the bought task's id be lost with it."""
    text = clean_text(ODD_TEXTS[name])
    assert "\0" not in text
    text.encode()
    assert len(text) <= 20_000
    assert text == ODD_TEXTS[name] or name != "plain"


@pytest.mark.parametrize("name", ODD_ANSWERS)
def test_odd_answers_are_kept_as_far_as_they_can_be(name: str, url: str) -> None:
    """An answer would bring the sender down between buying and writing."""
    ledger = open_ledger(url)
    answer, task = ODD_ANSWERS[name], "t\0\ud800" + "9" * 500
    row = ledger.advance(sent(ledger), S.SUBMITTED, task_id=task, answer=answer, reason="\0")
    assert clean_json(row.answer) == row.answer or name == "nan"
    row = ledger.get("1")
    assert row.state == S.SUBMITTED
    assert (row.task_id or "").endswith("9" * 500)


@pytest.mark.parametrize(
    ("cost", "estimate", "right"),
    [
        ("0", "0.35", True),
        ("0.99", "0.001", True),  # absurd by its factor, but cents
        ("7", "0.35", True),
        ("7.01", "0.35", False),
        ("-0.01", "0.35", False),
        ("NaN", "0.35", False),
        ("Infinity", "0.35", False),
        ("1e30", "1e29", False),
    ],
)
def test_only_believable_costs_are_used(cost: str, estimate: str, right: bool) -> None:
    """Units mistaken for dollars would stop a batch, a negative cost would lift its budget."""
    assert (cost_problem(Decimal(cost), Decimal(estimate)) is None) == right


def test_an_absurd_cost_leaves_the_estimate_and_says_so(url: str) -> None:
    """A service's slip would become the budget's truth."""
    ledger = open_ledger(url)
    fingerprint = sent(ledger)
    for _ in range(2):
        row = ledger.observe(
            ledger.get(fingerprint), S.PROCESSING, cost_usd=Decimal("NaN"), reason=""
        )
    assert row.cost_usd is None
    assert row.reason.count("not an amount of money") == 1
    assert ledger.spent_usd() == INTENT.estimate_usd


def test_a_cost_by_hand_is_checked(url: str) -> None:
    """A slip of the keyboard would become the budget's truth."""
    ledger = open_ledger(url)
    ledger.reserve(INTENT)
    with pytest.raises(BadInputError, match="--confirm-cost"):
        ledger.settle_cost("1", Decimal(350))
    with pytest.raises(BadInputError, match="negative"):
        ledger.settle_cost("1", Decimal(-1), confirmed=True)
    assert ledger.settle_cost("1", Decimal(350), confirmed=True).cost_usd == 350


def test_a_row_that_is_being_sent_says_who_sends_it_and_what_it_waits_for(
    tmp_path: Path, url: str
) -> None:
    """After a crash a row would stand there for ten minutes without a word."""
    clock = FakeClock()
    ledger = open_ledger(url, clock=clock.now)
    row = ledger.get(sent(ledger))
    assert "process" in row.reason
    clock.sleep(240)
    assert "in 6 min" in waits_for(row, ledger.now())
    clock.sleep(400)
    assert "its sender has ended" in waits_for(row, ledger.now())
    assert ledger.advance(row.fingerprint, S.SUBMITTED).reason == ""


def test_leases_live_by_the_database(url: str) -> None:
    """Two machines whose clocks differ by minutes would send one request twice."""
    ledger = open_ledger(url)
    row = ledger.get(sent(ledger))
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        ((now,),) = database.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')").fetchall()
    assert row.lease_until is not None
    expected = datetime.fromisoformat(now).replace(tzinfo=UTC) + timedelta(minutes=10)
    assert abs(row.lease_until - expected) < timedelta(seconds=5)
    ledger.release_abandoned()
    assert ledger.get("1").state == S.SENDING


@pytest.mark.parametrize("text", ["database or disk is full", "disk I/O error"])
def test_the_id_of_a_bought_task_survives_a_full_disk(
    text: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A video would be paid for that nobody can find."""
    engine = make_engine(url)
    migrate(engine)
    ledger = Ledger(engine)
    row = ledger.get(sent(ledger))

    def fail(_connection: Any) -> None:
        raise OperationalError("COMMIT", {}, sqlite3.OperationalError(text))

    event.listen(engine, "commit", fail)
    with pytest.raises(UnwrittenAnswerError, match="settle 1 --task-id task-77") as raised:
        ledger.observe(row, S.SUBMITTED, task_id="task-77")
    event.remove(engine, "commit", fail)
    assert text in str(raised.value)
    assert "task-77" in capsys.readouterr().err
    assert ledger.get("1").state == S.SENDING
    assert ledger.get("1").reason


def test_claims_are_added_once_by_many(url: str) -> None:
    """Two workers on two clips of one purchase would lose one of them, or fail."""
    ledger = open_ledger(url)
    row = ledger.reserve(INTENT)
    subjects = [f"clip {i % 3}" for i in range(9)]
    threads = [threading.Thread(target=ledger.claim, args=(row, s)) for s in subjects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.get("1").subjects == (INTENT.subject, "clip 0", "clip 1", "clip 2")


def test_an_order_once_more_is_for_the_same_clips(url: str) -> None:
    """The second attempt of a shared purchase would be fetched for one clip alone."""
    ledger = open_ledger(url)
    row = ledger.claim(ledger.reserve(INTENT), "z")
    for state in (S.SUCCEEDED, S.REJECTED):
        ledger.advance(row.fingerprint, state)
    assert ledger.reserve_again("1").subjects == (INTENT.subject, "z")


def test_subjects_follow_their_folders(url: str) -> None:
    """A purchase would be counted and shown under a name that no clip has any more."""
    ledger = open_ledger(url)
    row = ledger.reserve(INTENT)
    for subject in ("D/my__cup/c", "D/my__cup__lift/c", "D/my__cup/d"):
        ledger.claim(row, subject)
    for _ in range(2):
        rename_subjects(ledger, lambda name: name.replace("D/my__cup/", "D/my__cup__lift/"))
        subjects = ("D/my__cup__lift/c", "D/my__cup__lift/d", INTENT.subject)
        assert ledger.get("1").subjects == subjects


def test_a_killed_sender_of_this_host_is_noticed_at_once(url: str) -> None:
    """Whoever stops a run while it sends would wait ten minutes before it can go on."""
    sender = subprocess.Popen(
        [sys.executable, "-c", SENDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert sender.stdout is not None
    assert sender.stdout.readline() == b"sending\n"
    ledger = open_ledger(url)
    ledger.release_abandoned()
    assert ledger.get("1").state == S.SENDING
    sender.kill()
    sender.communicate()
    ledger.release_abandoned()
    row = ledger.get("1")
    assert (row.state, row.reason) == (
        S.DOUBTFUL,
        "its sender ended before it recorded an answer; a task may exist",
    )
