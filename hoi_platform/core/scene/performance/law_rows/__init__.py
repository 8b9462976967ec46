"""The laws of performances; every file here has ``LAWS``, a tuple of ``Law``.

A new law, and a new limit, change what is performed: raise ``performance.VERSION`` with it.

Belongs here: limits and what they measure. Does not: the search for a plan that obeys them
(``kinds``).
"""
