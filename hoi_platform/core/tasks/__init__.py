"""The tasks; every file here has ``TASKS``, a tuple of ``Task``.

Belongs here: rows. Does not: configuration files, which a row names.
"""
