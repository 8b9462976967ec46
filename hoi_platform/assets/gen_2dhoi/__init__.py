"""Assets of the 2D stage: from a mesh to the video of a person acting with it.

Belongs here: one file per asset. Does not: rendering, prices and providers, which are services.
"""
