"""The states of a paid request and the legal ways between them.

::

    reserved ──► sending ──► submitted ──► processing ──► succeeded ──► delivered
        ▲           │             └───────────┴───► failed     └──► rejected ──► delivered
        │           ├──► refused      (a permanent answer: nothing was bought)
        ├───────────┤                 (proved not accepted: sent again later)
        │           └──► doubtful     (no answer: a task may exist; look it up, never resend)
        └───────────────────┘         (the look-up, or a person, says that there is none)

``reserved`` rows cost nothing yet but hold their estimate against the budget; ``sending`` is
entered by exactly one process; ``doubtful`` leaves only by a look-up or by hand. From every state
before it a row can go on to ``submitted`` and later ones: news of a task is never dropped, however
late it comes. ``rejected`` is our own judgement of a video that arrived whole: its file is kept,
and a person or a later check may accept it. What could not be fetched whole stays ``succeeded``.
"""

from enum import StrEnum
from typing import Final

from hoi_platform.core.errors import HoiError


class RequestState(StrEnum):
    """Where a paid request stands."""

    RESERVED = "reserved"
    SENDING = "sending"
    DOUBTFUL = "doubtful"
    SUBMITTED = "submitted"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    REFUSED = "refused"
    FAILED = "failed"


S = RequestState


_NEWS: Final = frozenset({S.SUBMITTED, S.PROCESSING, S.SUCCEEDED, S.FAILED})

_LEGAL: Final[dict[RequestState, frozenset[RequestState]]] = {
    S.RESERVED: frozenset({S.SENDING, S.REFUSED}) | _NEWS,
    S.SENDING: frozenset({S.REFUSED, S.DOUBTFUL, S.RESERVED}) | _NEWS,
    S.DOUBTFUL: frozenset({S.RESERVED, S.REFUSED}) | _NEWS,
    S.SUBMITTED: frozenset({S.PROCESSING, S.SUCCEEDED, S.FAILED}),
    S.PROCESSING: frozenset({S.SUCCEEDED, S.FAILED}),
    S.SUCCEEDED: frozenset({S.DELIVERED, S.REJECTED, S.FAILED}),
    S.DELIVERED: frozenset(),
    S.REJECTED: frozenset({S.DELIVERED}),
    S.REFUSED: frozenset({S.RESERVED}) | _NEWS,
    S.FAILED: frozenset(),
}

OPEN: Final = frozenset({S.SENDING, S.DOUBTFUL, S.SUBMITTED, S.PROCESSING})
"""A task exists, or may exist, at the provider and holds one of the account's slots."""

TERMINAL: Final = frozenset({S.DELIVERED, S.REJECTED, S.REFUSED, S.FAILED})
"""Nothing more will happen by itself. A refused row is reserved again only by hand."""

SPENT: Final = frozenset({S.FAILED, S.REJECTED})
"""Paid without a usable result; a person may order the same once more."""

COUNTED: Final = frozenset(S) - {S.REFUSED}
"""States whose cost, or estimate while that is unknown, counts against the budget."""


_ORDER: Final = (S.SUBMITTED, S.PROCESSING, S.SUCCEEDED, S.DELIVERED)


def is_old_news(state: RequestState, reported: RequestState) -> bool:
    """Whether a service's report says less than the row knows already."""
    if state in (S.DELIVERED, S.REJECTED, S.FAILED):
        return True
    return state in _ORDER and reported in _ORDER and _ORDER.index(reported) < _ORDER.index(state)


class IllegalTransitionError(HoiError):
    """A bug, or a row that was changed by hand: the ledger refuses it."""


def check_transition(old: RequestState, new: RequestState) -> None:
    """Raises IllegalTransitionError unless ``old`` → ``new`` is drawn above (or no change)."""
    if new != old and new not in _LEGAL[old]:
        allowed = ", ".join(sorted(_LEGAL[old])) or "nothing"
        raise IllegalTransitionError(
            f"a request cannot go from {old} to {new}; from {old} it can go to {allowed}"
        )
