"""Checks of videos and reconstructions, and the verdict on a clip.

Belongs here: quantities, limits, the verdict. Does not: accuracy against ground truth
(``core.metrics``), packaging (``services.packaging``).
"""
