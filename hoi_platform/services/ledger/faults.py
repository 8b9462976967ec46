"""Errors of the ledger's database in one line with the cure."""

import contextlib
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from hoi_platform.core.errors import (
    HoiError,
    MissingResourceError,
    TransientError,
    UnsettledError,
)


class LedgerBrokenError(MissingResourceError):
    """The ledger cannot be used until a person repairs it; nothing is bought meanwhile."""


class LedgerBusyError(TransientError):
    """The ledger's database is locked or cannot be reached at the moment."""


class UnwrittenAnswerError(UnsettledError):
    """A service's answer could not be written; the message holds the id of what was bought."""


_DAMAGED: Final = (
    "is damaged ({text}). Nothing was sent. Restore it from a backup, or rescue it with "
    "`sqlite3 {name} .recover | sqlite3 rescued.db` and put that in its place"
)
_READ_ONLY: Final = "cannot be written ({text}); give this user write access to it and its folder"
_FULL: Final = "cannot be written ({text}); free space on its disk and run the command again"
_UNREACHABLE: Final = "cannot be reached ({text}); start the database and run the command again"

# Part of the database's message, in lower case → the error's class, and what is wrong.
_FAULTS: Final[tuple[tuple[str, type[HoiError], str], ...]] = (
    ("not a database", LedgerBrokenError, _DAMAGED),
    ("malformed", LedgerBrokenError, _DAMAGED),
    ("no such table", LedgerBrokenError, _DAMAGED),
    ("no such column", LedgerBrokenError, _DAMAGED),
    ("readonly", LedgerBrokenError, _READ_ONLY),
    ("read-only", LedgerBrokenError, _READ_ONLY),
    ("permission denied", LedgerBrokenError, _READ_ONLY),
    ("unable to open", LedgerBrokenError, _READ_ONLY),
    ("no space left", LedgerBrokenError, _FULL),
    ("is full", LedgerBrokenError, _FULL),
    ("i/o error", LedgerBrokenError, _FULL),
    ("input/output error", LedgerBrokenError, _FULL),
    ("locked", LedgerBusyError, "is locked by another process ({text}); try again"),
    ("connection", LedgerBusyError, _UNREACHABLE),
    ("connect to", LedgerBusyError, _UNREACHABLE),
)


@contextlib.contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Raises LedgerBrokenError or LedgerBusyError for whatever the database raises inside."""
    from alembic.util import CommandError

    try:
        yield
    except CommandError as error:
        if "locate revision" not in str(error).lower():
            raise LedgerBrokenError(f"the ledger {name_of(engine)}: {error}") from error
        raise LedgerBrokenError(
            f"the ledger {name_of(engine)} was written by a newer version of the platform "
            f"({error}); update the platform, nothing was changed"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise explanation(engine, error) from error


def explanation(engine: Engine, error: Exception) -> HoiError:
    """The typed error for what a database has raised."""
    text = _first_line(error)
    for part, kind, words in _FAULTS:
        if part in text.lower():
            name = engine.url.database or ""
            return kind(f"the ledger {name_of(engine)} " + words.format(text=text, name=name))
    return LedgerBrokenError(f"the ledger {name_of(engine)} cannot be used ({text})")


def name_of(engine: Engine) -> str:
    """The file of a ledger in SQLite, else its address without the password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or ":memory:"
    return engine.url.render_as_string(hide_password=True)


def _first_line(error: Exception) -> str:
    original = error.orig if isinstance(error, DBAPIError) and error.orig else error
    lines = str(original).strip().splitlines()
    return lines[0] if lines else type(original).__name__
