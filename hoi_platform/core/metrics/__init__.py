"""Errors against ground truth, one function per figure with its protocol.

Belongs here: figures and their limits. Does not: judging clips without truth
(``core.filtering``), running a bench (``commands.bench``).
"""
