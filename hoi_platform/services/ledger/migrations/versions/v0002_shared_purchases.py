"""Clips that share a purchase, rejected videos, texts of any length."""

import hashlib

import sqlalchemy as sa
from alembic import op

from hoi_platform.services.ledger.schema import UtcDateTime

revision = "0002"
down_revision = "0001"

_WIDENED = ("model", "subject", "task_id")


def upgrade() -> None:
    """Every request is claimed by the subject that it was made for."""
    op.create_table(
        "claim",
        sa.Column("request_id", sa.Integer, sa.ForeignKey("paid_request.id"), primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
    )
    op.execute("INSERT INTO claim SELECT id, subject FROM paid_request")
    for column in _added():
        op.add_column("paid_request", column)
    if op.get_bind().dialect.name != "sqlite":  # which does not enforce lengths
        for name in _WIDENED:
            op.alter_column("paid_request", name, type_=sa.Text)
    _reopen_unusable()


def downgrade() -> None:
    """Forget which clips share a purchase."""
    for column in _added():
        op.drop_column("paid_request", column.name)
    op.drop_table("claim")


def _added() -> tuple[sa.Column, ...]:
    return (
        sa.Column("ordered", sa.JSON),
        sa.Column("fetches", sa.Integer, nullable=False, server_default="0"),
        sa.Column("fetch_after", UtcDateTime),
    )


def _reopen_unusable() -> None:
    """Version 1 called a video ``failed`` that it judged unusable; the service may still have it.

    A row that was ordered again since stays as it is.
    """
    bind = op.get_bind()
    rows = bind.execute(sa.text("SELECT id, fingerprint, state, reason FROM paid_request")).all()
    known = {row.fingerprint for row in rows}
    for row in rows:
        again = hashlib.sha256(f"{row.fingerprint}/again".encode()).hexdigest()
        judged = row.state == "failed" and row.reason.startswith("the delivered video is unusable")
        if judged and again not in known:
            bind.execute(
                sa.text("UPDATE paid_request SET state = 'succeeded' WHERE id = :id"),
                {"id": row.id},
            )
