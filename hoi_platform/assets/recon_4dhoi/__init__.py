"""Assets of the 4D stage: from a video to a measured, filtered and drawn clip.

Belongs here: one file per asset, and how they read a clip's files. Does not: methods (``core``),
backends (``services.vision``).
"""
