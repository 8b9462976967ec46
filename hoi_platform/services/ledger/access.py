"""Statements of the ledger: the row of a reference, the lock of an account."""

from typing import Any, Final, cast

from sqlalchemy import CursorResult, bindparam, func, select, update
from sqlalchemy.orm import Session

from hoi_platform.core.errors import BadInputError
from hoi_platform.services.ledger.schema import AccountRow, RequestRow
from hoi_platform.services.ledger.states import OPEN

_MAX_ROW_DIGITS: Final = 9
"""Longest row number; chosen below the ten digits at which PostgreSQL's integer overflows."""

# Built once: building a statement costs more than running it.
BY_FINGERPRINT: Final = select(RequestRow).where(RequestRow.fingerprint == bindparam("reference"))
BY_EXTERNAL_ID: Final = select(RequestRow).where(
    RequestRow.external_task_id == bindparam("reference")
)
_LOCK: Final = (
    update(AccountRow)
    .where(AccountRow.name == bindparam("account"))
    .values(touched=AccountRow.touched + 1)
    .execution_options(synchronize_session=False)
)


def lock_account(session: Session, account: str) -> None:
    """Lock the account until the transaction ends; creates it the first time."""
    values = {"account": account}
    if cast(CursorResult[Any], session.execute(_LOCK, values)).rowcount:
        return
    _insert_account(session, account)
    session.execute(_LOCK, values)


def _insert_account(session: Session, account: str) -> None:
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    session.execute(insert(AccountRow).values(name=account, touched=0).on_conflict_do_nothing())


def required_row(session: Session, reference: str) -> RequestRow:
    """The row of a fingerprint (or a unique prefix), an external task id or a row number.

    Raises BadInputError.
    """
    for exact in (BY_FINGERPRINT, BY_EXTERNAL_ID):
        if (row := session.scalar(exact, {"reference": reference})) is not None:
            return row
    if reference.isdigit() and len(reference) <= _MAX_ROW_DIGITS:
        numbered = session.get(RequestRow, int(reference))
        if numbered is not None:
            return numbered
    matches = list(
        session.scalars(
            select(RequestRow).where(RequestRow.fingerprint.startswith(reference)).limit(2)
        )
    )
    if len(matches) == 1:
        return matches[0]
    found = "several rows begin with" if matches else "no row is, or begins with,"
    raise BadInputError(f"{found} {reference!r}; see `hoi ledger list`")


def holds_no_video(session: Session) -> bool:
    """Whether no video has ever been reserved."""
    query = select(RequestRow.id).where(RequestRow.kind == "video").limit(1)
    return session.scalar(query) is None


def open_videos(session: Session, account: str) -> int:
    """Videos that hold a slot of the account."""
    query = (
        select(func.count())
        .select_from(RequestRow)
        .where(RequestRow.account == account, RequestRow.state.in_(sorted(OPEN)))
        .where(RequestRow.kind == "video")
    )
    return session.scalar(query) or 0
