"""Whether the process behind a Dagster run is still alive.

Belongs here: heartbeats of runs, and what is concluded from them. Does not: what becomes of the
cells of a failed run (``sensors``), stopping a run on purpose (``services.interruption``).
"""
