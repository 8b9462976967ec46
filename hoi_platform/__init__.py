"""Turns 3D object meshes into measured, metric 4D human-object-interaction clips.

Belongs here: the system's list (``definitions``), what every layer starts from, and the layers as
packages. Does not: re-exported names; importing the package loads nothing.
"""
