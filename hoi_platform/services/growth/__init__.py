"""The nightly growth over a results folder: what there is, what is chosen, what was begun when.

Belongs here: counts from records, prices and limits from the ledger, the nights' files. Does not:
the choice itself (``core.growth``), launching it (``schedules``, ``commands``).
"""
