"""The ledger's schema, release by release (Alembic).

Belongs here: one revision per release of the schema. Does not: carrying results over
(``services.migration``).
"""
