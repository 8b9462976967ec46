"""Artifacts on disk: where files are, how they are written whole, what their records say.

Belongs here: store, records, stages, what is done or stale. Does not: what is inside the files
(``core.formats``), Dagster.
"""
