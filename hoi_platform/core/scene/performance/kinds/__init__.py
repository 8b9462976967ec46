"""The kinds of performance; every file here has ``KINDS``, a tuple of ``PerformanceKind``.

Belongs here: rows. Does not: plans and animation, which stand one package up.
"""
