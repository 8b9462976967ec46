"""The backends of this platform; every file here is loaded and registers what it has.

Belongs here: rows. Does not: what does the work; heavy imports are inside factories.
"""
