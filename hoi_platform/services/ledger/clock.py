"""What time it is for the ledger: the database's clock, which all machines share."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

# clock_timestamp() and not now(): a transaction may have queued for its account for a while.
_NOW: Final[dict[str, TextClause]] = {
    "postgresql": text("SELECT clock_timestamp()"),
    "sqlite": text("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"),
}


def database_now(source: Session | Connection) -> datetime:
    """The database's time, in UTC."""
    bind = source.get_bind() if isinstance(source, Session) else source
    value: Any = source.execute(_NOW[bind.dialect.name]).scalar_one()
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.astimezone(UTC)
