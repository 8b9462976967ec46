"""Alembic's entry: migrate on the connection that ``ledger.database.migrate`` hands over."""

from alembic import context

from hoi_platform.services.ledger.schema import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table="hoi_ledger_version",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
