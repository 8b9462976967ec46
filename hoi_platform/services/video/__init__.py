"""Videos: backends, delivery, judging, coding.

Belongs here: the socket of role ``video``, its backends, what paid ones share. Does not: the ledger
of requests (``services.ledger``), rendering (``services.blender``).
"""
