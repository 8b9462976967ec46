"""Models that live in environments of their own, run as external programs.

Belongs here: the contract of such programs, their supervision, what their failures mean. Does
not: the roles that they fill (``services.vision``), the programs themselves.
"""
