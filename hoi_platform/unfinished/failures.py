"""What a failed step says to a person: our own sentence, not the library's below it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from hoi_platform.core.errors import AccountError, HoiError

_INTERRUPTED: Final = frozenset({"DagsterExecutionInterruptedError", "KeyboardInterrupt"})


@dataclass(frozen=True)
class Failure:
    """Why a step failed."""

    text: str
    kinds: frozenset[str]
    """The names of the classes in its chain of causes."""

    def is_a(self, kind: type[HoiError]) -> bool:
        """Whether an error of this class, or of one below it, is among the causes."""
        return not names_of(kind).isdisjoint(self.kinds)

    @property
    def interrupted(self) -> bool:
        return not _INTERRUPTED.isdisjoint(self.kinds)

    @property
    def stops_batch(self) -> bool:
        """Whether every clip that is tried next would fail in the same way."""
        return AccountError.__name__ in self.kinds


def failure_of(error: Any, described: str | None) -> Failure:
    """From what Dagster stored of an error, and the description of a failure, if it has one."""
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
    ours = names_of(HoiError)
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


def names_of(kind: type[HoiError]) -> set[str]:
    """The names of a class and of all below it."""
    return {kind.__name__}.union(*(names_of(below) for below in kind.__subclasses__()))
