"""Reads a person's motion from a video: the socket of stage ``human_pose`` and its backends.

Belongs here: the socket, MediaPipe's detectors for body and hands. Does not: fitting a body
(``core.body.fitting``).
"""
