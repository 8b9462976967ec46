"""What an error of a remote video service says of the request that was just sent."""

from typing import Final, Literal

from hoi_platform.core.errors import AccountError, HoiError, RefusedError
from hoi_platform.services.video.remote import (
    NotAcceptedError,
    UnknownOutcomeError,
    UnprovenRefusalError,
)

ErrorCategory = Literal[
    "refused", "account", "token_lifetime", "unproven", "not_accepted", "unknown"
]
"""``token_lifetime``: the request's token is not valid yet or has expired; for the others see
``error_in``."""

_MAY_HAVE_WORKED: Final = frozenset({408, 425, 429})
"""HTTP statuses below 500 that a gateway sends without its service; none says that nothing was
done."""


def category_of_status(status: int) -> ErrorCategory:
    """Without a documented error nothing proves that no task was created."""
    return "unproven" if 300 <= status < 500 and status not in _MAY_HAVE_WORKED else "unknown"


def error_in(category: ErrorCategory, text: str, retry_after_s: float | None) -> HoiError:
    """The error that callers handle."""
    match category:
        case "not_accepted":
            return NotAcceptedError(text, retry_after_s)
        case "unknown":
            return UnknownOutcomeError(text)
        case "unproven":
            return UnprovenRefusalError(text)
        case "refused":
            return RefusedError(text)
        case "account" | "token_lifetime":  # the latter after it was signed again once
            return AccountError(text)
