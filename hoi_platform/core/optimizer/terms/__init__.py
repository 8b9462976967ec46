"""The terms of the objective; every file here has ``TERMS``, a tuple of ``Term``.

Belongs here: terms and their parameters. Does not: weights and phases, which the configuration
has; measures that terms share (``robust``).
"""
