"""The backends of this platform; every file here is loaded and registers what it has.

Belongs here: rows. Heavy imports stand inside factories.
"""
