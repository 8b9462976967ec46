"""The kinds of performance; every file here has ``KINDS``, a tuple of ``PerformanceKind``."""
