"""Blender in a child process: settling, conditioning frames, simulated videos, previews.

Belongs here: requests, the process, and reading what it wrote. Does not: code that imports bpy
(``worker``).
"""
