"""Requests that a service refused because of the account, and their resumption after the cure."""

from typing import Any, Final

from hoi_platform.core.errors import AccountError, BadInputError
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import RequestState

ACCOUNT_REFUSAL: Final[dict[str, Any]] = {"refused": "account"}
"""The answer that such a row keeps, by which it is found again."""


def is_account_refusal(row: RequestRow) -> bool:
    """Whether the row was refused for what is wrong with its account."""
    answer = row.answer or {}
    return row.state == RequestState.REFUSED and answer.get("refused") == "account"


def account_error(row: RequestRow) -> AccountError:
    """The error of a row that was refused for its account, each time that it is met."""
    return AccountError(
        f"{row.subject}: {row.provider} refused the request (ledger row {row.id}): {row.reason}. "
        "It is not sent again by itself: once the account is in order, "
        f"`hoi ledger reopen {row.account}` lets all of its requests be sent again"
    )


def reopen_account(ledger: Ledger, account: str) -> list[RequestRow]:
    """Let every request be sent again that was refused because of this account.

    ``account`` may be a unique beginning of its name. Returns the rows as they are then. Raises
    BadInputError when no account of the ledger is meant, BudgetError when the budget is reached;
    rows that were reopened before it stay so.
    """
    name = _account_named(ledger, account)
    refused = [row for row in ledger.rows({RequestState.REFUSED}, name) if is_account_refusal(row)]
    return [ledger.reserve_anew(row.fingerprint) for row in refused]


def _account_named(ledger: Ledger, account: str) -> str:
    known = sorted({row.account for row in ledger.rows()})
    found = [account] if account in known else [n for n in known if n.startswith(account)]
    if len(found) != 1:
        raise BadInputError(
            f"{account!r} names {len(found)} accounts of the ledger; known: "
            f"{', '.join(known) or 'none'}"
        )
    return found[0]
