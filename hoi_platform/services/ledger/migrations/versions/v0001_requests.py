"""Accounts and paid requests."""

import sqlalchemy as sa
from alembic import op

from hoi_platform.services.ledger.schema import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "account",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("touched", sa.Integer, nullable=False),
    )
    op.create_table(
        "paid_request",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False, unique=True),
        sa.Column("external_task_id", sa.String(64), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(256), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("task_id", sa.String(128)),
        sa.Column("estimate_usd", sa.Numeric(12, 6), nullable=False),
        sa.Column("cost_usd", sa.Numeric(12, 6)),
        sa.Column("tokens", sa.Integer),
        sa.Column("reserved_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime),
        sa.Column("lease_until", UtcDateTime),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("finished_at", UtcDateTime),
        sa.Column("sends", sa.Integer, nullable=False),
        sa.Column("answer", sa.JSON),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("result", sa.Text),
    )
    op.create_index("ix_paid_request_account_state", "paid_request", ["account", "state"])
    op.create_index("ix_paid_request_reserved_at", "paid_request", ["reserved_at"])


def downgrade() -> None:
    """Remove both tables, and with them the only record of what was paid."""
    op.drop_table("paid_request")
    op.drop_table("account")
