"""The role ``contact``: which joints touch the object.

Belongs here: the socket and its embedded backend. Does not: geometry of contact
(``core.scene.contacts``).
"""
