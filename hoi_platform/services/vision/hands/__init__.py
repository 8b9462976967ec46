"""The role ``hands``: the landmarks of a hand near a wrist of the body.

Belongs here: the socket. Does not: the detector, which the body's backend shares (``human_pose``).
"""
