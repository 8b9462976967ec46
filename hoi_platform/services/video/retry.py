"""How often a paid backend tries, and how long it waits between attempts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hoi_platform.services.retry import RetryPolicy

LOOKUP: Final = RetryPolicy(attempts=6, first_wait_s=10.0, longest_wait_s=120.0, jitter=0.0)
"""Look-ups that must agree that a task does not exist, over four and a half minutes: a service
may take a minute or more until a task that it accepted can be found."""

SLOT_HOLD: Final = timedelta(hours=3)
"""How long after it was sent a request counts as one of the account's open tasks. Chosen: fal
starts a request within ``fal.START_TIMEOUT_S`` or never, and the slowest tasks that were reported
took 68 min. A task that runs longer still answers for itself: the service refuses the next one."""

FETCH: Final = RetryPolicy(attempts=5, first_wait_s=10.0, longest_wait_s=80.0, jitter=0.0)
"""One attempt to fetch a finished file."""

FETCH_AGAIN: Final = RetryPolicy(
    attempts=1, first_wait_s=300.0, longest_wait_s=6 * 3600.0, jitter=0.0
)
"""The daemon's waits between attempts to fetch a file; the service decides how many there are."""


@dataclass(frozen=True)
class VideoRetry:
    """The policies of one paid backend."""

    submit: RetryPolicy
    """To have a request accepted."""
    poll: RetryPolicy
    """To see a task end."""
    lookup: RetryPolicy = LOOKUP
    """To find a task that may exist."""
    slots: int | None = None
    """Tasks that the account may have open at once; None leaves it to the service."""
