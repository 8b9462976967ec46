"""Performances on disk: acted in a known scene, and seen by its camera without a renderer.

Belongs here: acting, storing and picturing a performance. Does not: planning it
(``core.scene.performance``), rendering it (``services.blender``).
"""
