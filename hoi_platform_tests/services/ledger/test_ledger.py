"""The book: one row per request, legal steps only, budgets, slots, many writers."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from hoi_platform.core.errors import BadInputError, BudgetError, ConfigError
from hoi_platform.services.fake_apis.clock import FakeClock
from hoi_platform.services.ledger.database import make_engine, open_ledger
from hoi_platform.services.ledger.intent import Budget, Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import (
    IllegalTransitionError,
    RequestState,
    check_transition,
)

S = RequestState
INTENT = Intent(
    "ab" * 32,
    "video",
    provider="kling-ai",
    account="kling-ai:1",
    model="kling-v3",
    subject="a/b/c",
    estimate_usd=Decimal("0.35"),
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Ledger:
    budget = Budget(Decimal("1.00"), Decimal("2.00"))
    return open_ledger(f"sqlite:///{tmp_path}/ledger.db", budget, clock.now)


def test_the_same_request_has_one_row(ledger: Ledger) -> None:
    """The same video would be ordered twice."""
    first, second = ledger.reserve(INTENT), ledger.reserve(INTENT)
    assert first.id == second.id
    assert len(ledger.rows()) == 1


def test_the_budget_of_a_day_is_checked_before_a_row_is_made(
    ledger: Ledger, clock: FakeClock
) -> None:
    """A batch would spend more than the user allowed."""
    for index in range(2):
        ledger.reserve(replace(INTENT, fingerprint=f"{index:02d}" * 32))
    with pytest.raises(BudgetError, match=r"0\.70 of 1\.00 USD of this day's budget.*per_day_usd"):
        ledger.reserve(replace(INTENT, fingerprint="22" * 32))
    assert len(ledger.rows()) == 2
    clock.sleep(86400)
    ledger.reserve(replace(INTENT, fingerprint="22" * 32))


def test_the_budget_of_a_month_spans_its_days(ledger: Ledger, clock: FakeClock) -> None:
    """Thirty days within their budgets would exceed the month's."""
    for index in range(5):
        ledger.reserve(replace(INTENT, fingerprint=f"{index:02d}" * 32))
        clock.sleep(86400)
    with pytest.raises(BudgetError, match=r"1\.75 of 2\.00 USD of this month's"):
        ledger.reserve(replace(INTENT, fingerprint="99" * 32))


def test_refused_requests_cost_nothing(ledger: Ledger) -> None:
    """Refusals would use the budget up."""
    row = ledger.reserve(INTENT)
    ledger.advance(row.fingerprint, S.REFUSED, reason="policy")
    assert ledger.spent_usd() == 0


def test_one_sender_of_many(ledger: Ledger) -> None:
    """Two workers on one clip would both send it."""
    row = ledger.reserve(INTENT)
    taken: list[object] = []
    threads = [
        threading.Thread(target=lambda: taken.append(ledger.begin_sending(row))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(t is not None for t in taken) == 1


def test_slots_are_held_until_a_task_ends(ledger: Ledger) -> None:
    """More tasks than the resource pack allows would be sent."""
    rows = [ledger.reserve(replace(INTENT, fingerprint=f"{i:02d}" * 32)) for i in range(2)]
    assert ledger.begin_sending(rows[0], slots=1)
    assert ledger.begin_sending(rows[1], slots=1) is None
    ledger.advance(rows[0].fingerprint, S.SUBMITTED, task_id="1")
    assert ledger.begin_sending(rows[1], slots=1) is None
    ledger.advance(rows[0].fingerprint, S.SUCCEEDED)
    assert ledger.begin_sending(rows[1], slots=1)


def test_a_dead_sender_leaves_a_doubtful_row(ledger: Ledger, clock: FakeClock) -> None:
    """A crash between sending and noting would block the clip or buy it again."""
    row = ledger.reserve(INTENT)
    ledger.begin_sending(row)
    ledger.release_abandoned()
    assert ledger.get(row.fingerprint).state == S.SENDING
    clock.sleep(timedelta(minutes=11).total_seconds())
    ledger.release_abandoned()
    assert ledger.get(row.fingerprint).state == S.DOUBTFUL


def test_a_conclusion_from_an_old_state_changes_nothing(ledger: Ledger) -> None:
    """A slow look-up would release a request that another process has sent since."""
    ledger.reserve(INTENT)
    first = ledger.begin_sending(ledger.get("1"))
    assert first is not None
    doubtful = ledger.advance_if(first, S.DOUBTFUL)
    ledger.advance_if(doubtful, S.RESERVED)
    second = ledger.begin_sending(ledger.get("1"))
    assert second is not None
    assert second.sends == 2
    assert ledger.advance_if(doubtful, S.RESERVED).state == S.SENDING


def test_old_news_do_not_turn_a_row_back(ledger: Ledger) -> None:
    """A duplicated or late report would reopen a delivered request."""
    row = ledger.begin_sending(ledger.reserve(INTENT))
    assert row is not None
    for state in (S.SUBMITTED, S.SUCCEEDED, S.PROCESSING, S.DELIVERED, S.FAILED, S.SUBMITTED):
        row = (ledger.observe if state != S.DELIVERED else ledger.advance_if)(row, state)
    assert row.state == S.DELIVERED


def test_only_drawn_transitions_are_legal() -> None:
    """A delivered or failed request could be sent again."""
    final = {S.DELIVERED, S.FAILED}
    for old, new in product(final, S):
        if new != old:
            with pytest.raises(IllegalTransitionError, match=f"cannot go from {old} to {new}"):
                check_transition(old, new)
    with pytest.raises(IllegalTransitionError):
        check_transition(S.SUBMITTED, S.RESERVED)


def test_a_failed_request_is_ordered_again_under_another_id(ledger: Ledger) -> None:
    """A person's second order would meet the first one's external id and be refused."""
    row = ledger.reserve(INTENT)
    with pytest.raises(IllegalTransitionError, match="only a failed request"):
        ledger.reserve_again("1")
    ledger.advance(row.fingerprint, S.FAILED, reason="generation failed")
    again = ledger.reserve_again("1")
    assert again.external_task_id != row.external_task_id
    assert again.attempt == 1
    latest = ledger.latest_attempt(row.fingerprint)
    assert latest is not None
    assert latest.id == again.id


def test_an_unknown_reference_names_the_cure(ledger: Ledger) -> None:
    """A mistyped id would end in a stack trace."""
    with pytest.raises(BadInputError, match="hoi ledger list"):
        ledger.get("zzz")


def test_other_databases_are_refused() -> None:
    """A ledger would be opened where its locks do not hold."""
    with pytest.raises(ConfigError, match="postgresql"):
        make_engine("mysql://host/db")


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    """The first two workers on a fresh folder would break the schema."""
    url = f"sqlite:///{tmp_path}/new/ledger.db"
    failures: list[BaseException] = []

    def start() -> None:
        try:
            open_ledger(url).rows()
        except BaseException as error:  # noqa: BLE001 - reported by the assertion
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
