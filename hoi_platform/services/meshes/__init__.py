"""Objects and their meshes: catalogue, keys, import, materials, sizes.

Belongs here: files of meshes and entries. Does not: geometry (``core.geometry``), the shapes of
library objects (``core.scene.library``).
"""
