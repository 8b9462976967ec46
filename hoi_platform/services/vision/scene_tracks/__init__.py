"""The role ``scene_tracks``: masks of object and person and metric depth in every frame.

Belongs here: the sockets of masks and depth and their embedded backends. Does not: segmentation
(``core.segmentation``).
"""
