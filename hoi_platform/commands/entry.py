"""How a command ends: an error of ours is one line, a signal the status that shells expect."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from hoi_platform.core.errors import BadInputError, HoiError, PermanentError
from hoi_platform.resources.keys import protect_keys
from hoi_platform.services.artifacts.files import storage_fault
from hoi_platform.services.interruption import received
from hoi_platform.services.secrets import leaves_clean


class UsageError(BadInputError):
    """The command line, or a variable that it reads, is wrong: nothing was begun."""


@contextmanager
def before_any_work() -> Iterator[None]:
    """Errors of ours raised inside are those of the command line: raises UsageError."""
    try:
        yield
    except PermanentError as error:
        raise UsageError(str(error)) from error


def ended(name: str, command: Callable[[], int]) -> int:
    """The exit status of a command: its own, or one that says how it failed.

    1 after an error of ours, 2 where nothing was begun, 128 + n after signal n. No key leaves it in
    an error.
    """
    protect_keys()
    try:
        return leaves_clean(command)()
    except HoiError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
    except OSError as error:
        if (fault := storage_fault(error)) is None:
            raise
        sys.stderr.write(f"{name}: {fault}\n")
        return 1
    except _database_error() as error:
        if (fault := _database_fault(error)) is None:
            raise
        sys.stderr.write(f"{name}: {fault}\n")
        return 1
    except KeyboardInterrupt:
        return _stopped(name)


_DISK: Final = ("is full", "i/o error", "readonly", "unable to open", "no space left")
"""Parts of what a database says, in lower case, when its disk refuses."""


def _database_error() -> type[Exception]:
    """SQLAlchemy's, imported when something else than an error of ours was raised."""
    from sqlalchemy.exc import OperationalError

    return OperationalError


def _database_fault(error: Any) -> str | None:
    """What Dagster's database could not do on its disk, with the cure; None for another error."""
    text = (str(error.orig).splitlines() or [""])[0]
    if not any(part in text.lower() for part in _DISK):
        return None
    return (
        f"Dagster's database could not be written ({text}); free space there, or give this user "
        "write access to DAGSTER_HOME (`hoi doctor` names it), then run the same command again"
    )


def _stopped(name: str) -> int:
    number = received() or signal.SIGINT
    sys.stderr.write(
        f"{name}: stopped by {number.name}; finished stages are kept, and the same command "
        "continues from there\n"
    )
    return 128 + number
