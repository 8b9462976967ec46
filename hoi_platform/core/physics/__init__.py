"""Rigid bodies at rest: hulls, stable poses, when something counts as still.

Belongs here: closed-form mechanics. Does not: running Bullet (``services.blender``).
"""
