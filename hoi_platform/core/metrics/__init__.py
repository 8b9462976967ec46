"""Errors against ground truth, one function per figure with its protocol.

Belongs here: figures, their targets and gates. Does not: judging clips without truth
(``core.filtering``), running a bench (``commands.bench``).
"""
