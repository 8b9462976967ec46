"""Reads a person's motion from a video: the socket of stage ``human_pose`` and its backends."""
