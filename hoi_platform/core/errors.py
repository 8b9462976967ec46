"""The one exception tree of the platform.

::

    HoiError                     what went wrong, what was found, what is allowed, the cure
    ├── PermanentError           the same request will fail again: fix the input, then retry
    │   ├── BadInputError        a mesh, video, key or file that the user gave
    │   ├── ConfigError          a configuration file or flag
    │   ├── MissingResourceError weights, keys, licenses, packages, upstream artifacts
    │   │   └── UpstreamError    a stage's input is missing, stale or corrupt: make it first
    │   ├── StageError           a stage could not do its work (not settled, no valid camera …)
    │   ├── RefusedError         a remote service refused for good (policy, parameters)
    │   │   └── AccountError     it refuses the account (key, balance, rights): stop the batch
    │   ├── BudgetError          sending would exceed the configured budget
    │   ├── NeedsApprovalError   a purchase waits for a plan that a person approves: no failure
    │   └── UnsettledError       unknown whether a paid request was accepted: a person settles it
    └── TransientError           may succeed when tried again (time-out, 5xx, crashed worker)
        ├── PendingError         a paid task is still running: the same call continues later
        └── StorageError         the results' disk is full, read-only or broken
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

from hoi_platform.core.redaction import redacted


class HoiError(Exception):
    """Base of all errors that this platform raises on purpose. Its message holds no secret."""

    sanitize: ClassVar[Callable[[Any], Any]] = staticmethod(redacted)
    """Removes what looks like a secret; ``services.secrets`` adds the known ones."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(type(self).sanitize(argument) for argument in args))


class PermanentError(HoiError):
    """Trying again unchanged cannot help."""


class BadInputError(PermanentError):
    """A file or value that the user gave is unusable."""


class ConfigError(PermanentError):
    """A configuration file or command-line flag is wrong."""


class MissingResourceError(PermanentError):
    """Something that must be installed, supplied or made first is absent."""


class UpstreamError(MissingResourceError):
    """What a stage reads is not what today's settings ask for: it has to be made first."""


class StageError(PermanentError):
    """A stage ran and found that its result would be unusable."""


class RefusedError(PermanentError):
    """A remote service refused the request for good."""


class AccountError(RefusedError):
    """A remote service refused the account: every further request would be refused as well."""


class BudgetError(PermanentError):
    """A paid request was not sent because it would exceed the budget."""


class NeedsApprovalError(PermanentError):
    """A purchase that no approved plan releases: nothing was sent, and nothing failed."""

    def __init__(self, message: str, usd: Decimal) -> None:
        super().__init__(message)
        self.usd = usd


class UnsettledError(PermanentError):
    """A paid request whose outcome cannot be found out; sending it again could buy it twice."""


class TransientError(HoiError):
    """The failure may pass: a time-out, an overloaded service, a worker that died."""

    retry_after_s: float | None = None
    """The pause that a service asks for, if it does."""


class PendingError(TransientError):
    """Nothing failed: what is waited for goes on elsewhere, and is there later."""


class StorageError(TransientError):
    """The results' disk refused to write; what was finished before is kept."""
