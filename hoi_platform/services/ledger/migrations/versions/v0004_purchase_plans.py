"""Purchase plans, and what launches bought without one."""

import sqlalchemy as sa
from alembic import op

from hoi_platform.services.ledger.schema import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing that was bought before needs a plan."""
    op.create_table(
        "purchase_plan",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("approved_at", UtcDateTime),
        sa.Column("approved_by", sa.Text),
        sa.Column("questions_usd", sa.Numeric(12, 6), nullable=False),
    )
    op.create_table(
        "plan_cell",
        sa.Column("plan_id", sa.String(16), sa.ForeignKey("purchase_plan.id"), primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("usd", sa.Numeric(12, 6), nullable=False),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.Column("order_id", sa.String(64)),
    )
    op.create_index("ix_plan_cell_subject", "plan_cell", ["subject"])
    op.create_table(
        "unplanned_purchase",
        sa.Column("order_id", sa.String(64), primary_key=True),
        sa.Column("launch", sa.String(128), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("usd", sa.Numeric(12, 6), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_unplanned_purchase_launch", "unplanned_purchase", ["launch"])


def downgrade() -> None:
    """Forget the plans."""
    for table in ("unplanned_purchase", "plan_cell", "purchase_plan"):
        op.drop_table(table)
