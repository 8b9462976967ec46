"""Opening the ledger: SQLite (WAL) in a file, or PostgreSQL by URL; migrated to today's schema."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from hoi_platform.core.errors import ConfigError
from hoi_platform.services.artifacts.files import exclusive
from hoi_platform.services.ledger.faults import explained
from hoi_platform.services.ledger.intent import LEASE, Budget, Clock
from hoi_platform.services.ledger.ledger import Guard, Ledger

_MIGRATION_LOCK: Final = 0x486F494C
"""Key of PostgreSQL's advisory lock; chosen, as nothing else in the database uses it."""
_BUSY_TIMEOUT_S: Final = "30"
"""How long SQLite waits for another process' lock; ``sqlite:///path?timeout=5`` says otherwise."""


def open_ledger(
    url: str,
    budget: Budget | None = None,
    clock: Clock | None = None,
    lease: timedelta = LEASE,
    guard: Guard | None = None,
) -> Ledger:
    """The ledger at ``url`` (``sqlite:///path`` or ``postgresql://…``), created if need be.

    Its clock is the database's unless one is given. Raises ConfigError, LedgerBrokenError and
    LedgerBusyError.
    """
    engine = make_engine(url)
    with explained(engine):
        migrate(engine)
    return Ledger(engine, budget or Budget(), clock, lease, guard)


def checked_url(url: str) -> URL:
    """The parsed address of a ledger. Raises ConfigError on another kind of database."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "HOI_LEDGER_URL is not a database address; use sqlite:///path or postgresql://…"
        ) from error
    if (backend := parsed.get_backend_name()) not in {"postgresql", "sqlite"}:
        raise ConfigError(
            f"the ledger cannot be kept in {backend}; use sqlite:///path or postgresql://…"
        )
    return parsed


def make_engine(url: str) -> Engine:
    """An engine for the ledger. Raises ConfigError on another kind of database."""
    parsed = checked_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg2"), pool_pre_ping=True)
    engine = create_engine(parsed.set(query={"timeout": _BUSY_TIMEOUT_S, **parsed.query}))
    event.listen(engine, "connect", _prepare_sqlite)
    if parsed.database:
        with explained(engine):
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    return engine


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision, today's by default.

    Processes that start together migrate one after the other; one that dies leaves the schema as it
    found it.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with _migration_lock(engine), engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Python's driver opens no transaction for CREATE and ALTER: each would be final.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # A row must be on the disk before its request leaves, even if the power fails.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


@contextlib.contextmanager
def _migration_lock(engine: Engine) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        database = engine.url.database
        if not database or database == ":memory:":
            yield
            return
        with exclusive(Path(f"{database}.migration.lock")):
            yield
        return
    with engine.connect() as connection:
        _advisory(connection, "pg_advisory_lock")
        try:
            yield
        finally:
            _advisory(connection, "pg_advisory_unlock")


def _advisory(connection: Connection, function: str) -> None:
    connection.execute(text(f"SELECT {function}(:key)"), {"key": _MIGRATION_LOCK})
    connection.commit()
