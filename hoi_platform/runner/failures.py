"""What a failed Dagster run says to a person: our own sentence, not the library's below it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg

from hoi_platform.core.errors import AccountError, HoiError

_INTERRUPTED: Final = frozenset({"DagsterExecutionInterruptedError", "KeyboardInterrupt"})


@dataclass(frozen=True)
class Failure:
    """Why a step failed."""

    text: str
    kinds: frozenset[str]
    """The names of the classes in its chain of causes."""

    @property
    def interrupted(self) -> bool:
        return not _INTERRUPTED.isdisjoint(self.kinds)

    @property
    def stops_batch(self) -> bool:
        """Whether every clip that is tried next would fail in the same way."""
        return AccountError.__name__ in self.kinds


def failures(result: dg.ExecuteInProcessResult) -> dict[str, Failure]:
    """Failed steps and why; a run that failed before its first step is listed under an empty
    name."""
    found = {}
    for event in result.all_events:
        if event.is_step_failure and event.step_key:
            data = event.step_failure_data
            described = data.user_failure_data.description if data.user_failure_data else None
            found[event.step_key] = _failure(data.error, described)
    if not result.success and not found:
        causes = [e.job_failure_data.error for e in result.all_events if e.is_job_failure]
        found[""] = _failure(causes[0] if causes else None, None)
    return found


def _failure(error: Any, described: str | None) -> Failure:
    chain = list(_chain(error))
    kinds = frozenset(link.cls_name for link in chain)
    return Failure(described or _sentence(chain), kinds)


def _chain(error: Any) -> Iterator[Any]:
    """From the error that ended the step to its first cause."""
    while error is not None:
        yield error
        error = error.cause


def _sentence(chain: list[Any]) -> str:
    """The outermost error of ours, or the outermost that Dagster did not put around another."""
    ours = _names(HoiError)
    for link in chain:
        if link.cls_name in ours:
            return _message(link)
    foreign = [link for link in chain if not link.message.startswith("dagster.")] or chain
    if not foreign:
        return "unknown error; run again with --verbose for Dagster's log"
    link = foreign[0]
    return f"{link.cls_name}: {_message(link)} (unexpected; --verbose shows where)"


def _message(error: Any) -> str:
    """Without the class in front, with which Python formats an exception."""
    name, colon, rest = error.message.strip().partition(": ")
    return rest if colon and name.rpartition(".")[2] == error.cls_name else error.message.strip()


def _names(kind: type[HoiError]) -> set[str]:
    return {kind.__name__}.union(*(_names(below) for below in kind.__subclasses__()))
