"""Which process sends a request, so that its death is noticed at once on its own host."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Rows in sending at this moment keep waiting for their lease."""
    op.add_column("paid_request", sa.Column("sender", sa.JSON))


def downgrade() -> None:
    """Forget the senders."""
    op.drop_column("paid_request", "sender")
