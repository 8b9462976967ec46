"""The truth suite: which clips measure the 4D stage, and how their inputs are degraded.

Belongs here: the lists of clips, degradations of videos, wrong knowledge of scenes; all pure.
Does not: running a chain (``services.truth_suite``, ``hoi bench recon``), error metrics
(``core.metrics``).
"""
