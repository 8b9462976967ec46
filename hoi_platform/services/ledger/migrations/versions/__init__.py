"""The revisions of the ledger's schema, one per file, named by their number.

Belongs here: ``upgrade`` and its fixed table definitions. Does not: imports of today's schema,
which will change.
"""
