"""The subcommands of ``hoi``, one per file; each loads what it needs when it is called.

Belongs here: parsing, calling, printing. Does not: work that a page, a sensor or a test could want
without a terminal.
"""
