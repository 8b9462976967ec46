"""The registry of the filter's checks."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Final

from hoi_platform.core.config.base import hint
from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.registry import Registry
from hoi_platform.core.task import Task

if TYPE_CHECKING:
    from hoi_platform.core.filtering.inputs import FilterInput
    from hoi_platform.core.filtering.silhouettes import Misalignment


@dataclass(frozen=True)
class Judged:
    """What a check looks at: the kept beginning of a clip."""

    clip: "FilterInput"
    """``data`` has motion, object and contacts (``HoiData``); masks, frames and scene beside it."""
    errors: "Misalignment"
    """Of the clip's frames."""
    config: FilteringConfig
    """Section ``filtering`` of the configuration: the limits."""
    unusable_numbers: int
    """How many numbers of the whole clip are nan or infinite."""

    def measured(self, measure: Callable[["FilterInput"], float]) -> float:
        """A quantity of the clip; nan where the clip has nan or infinite numbers, of which
        nothing can be measured."""
        return measure(self.clip) if self.clip.finite else nan


@dataclass(frozen=True)
class FilterCheck:
    """One check: it measures a quantity and compares it with its limit."""

    name: str
    judge: Callable[[Judged], Check]
    """Returns a ``Check`` of the row's name. A quantity that cannot be measured is nan and never
    passes."""
    order: int = 1000
    """Place in the verdict; the reference's checks come first, in its order."""
    applies: Callable[[Judged], bool] = lambda _: True
    version: str = ""
    """Part of the fingerprint of ``filtered_hoi``, so that a new check judges old clips; empty for
    those that the stage's own version covers."""


CHECKS: Final = Registry("check", "hoi_platform.core.filtering.check_rows", "CHECKS", FilterCheck)


def check_versions() -> dict[str, str]:
    """The versions of the checks that state one."""
    return {name: check.version for name, check in CHECKS.rows().items() if check.version}


def skipped_checks(task: Task) -> frozenset[str]:
    """Those that a task skips. Raises ConfigError for one that is not known."""
    known = CHECKS.rows()
    for name in sorted(task.skipped_checks - known.keys()):
        raise ConfigError(
            f"task {task.name!r}: skipped_checks: unknown check {name!r}; {hint(name, [*known])}"
        )
    return task.skipped_checks
