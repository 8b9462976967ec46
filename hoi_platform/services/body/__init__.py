"""Bodies from their packages: Anny's model, characters and license.

Belongs here: loading a body and caching it. Does not: kinematics and fitting (``core.body``).
"""
