"""Results of the reference, imported into a results folder of this platform.

Belongs here: finding its clips, judging them anew, recording where they come from. Does not: what
is inside its files (``core.formats.reference_hoi``).
"""
