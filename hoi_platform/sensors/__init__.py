"""What the daemon watches: one sensor per file, named after it.

Belongs here: which runs are requested, when, and with which tags. Does not: what is known of the
cells (``unfinished``), how tasks are asked for (``services.video``).
"""
