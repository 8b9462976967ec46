"""The filter's checks; every file here has ``CHECKS``, a tuple of ``FilterCheck``.

Belongs here: rows and what they measure. Does not: the order of judging (``judge``).
"""
