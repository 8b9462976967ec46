"""Chaos for paid calls: processes that die, pause and run out of disk, and what must hold then.

A part of the bench is one warm process. It forks the stand-in services, an auditor and, case by
case, workers that buy videos through one ledger; disasters strike the workers at their edges, and
the auditor compares the services' records with the ledger while they work. Nothing that runs a
stage imports this package, and no product code knows of it: what it needs are the arguments that
clients take (transport, clock, sleep), SQLAlchemy's and Python's own hooks, and the kernel.

Belongs here: disasters, workers, the auditor. Does not: anything that a stage imports.
"""
