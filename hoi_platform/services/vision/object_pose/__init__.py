"""The role ``object_pose``: the 6-DoF pose of a known mesh in every frame of a clip.

Belongs here: the socket and its embedded backend. Does not: the tracker (``core.tracking``).
"""
