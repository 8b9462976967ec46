"""The filter's checks; every file here has ``CHECKS``, a tuple of ``FilterCheck``."""
