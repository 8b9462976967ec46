"""Effects without Dagster: processes, disk, HTTP, databases, models.

Belongs here: one package per kind of effect; files that several of them share. Does not: assets and
partitions, pure computation (``core``).
"""
