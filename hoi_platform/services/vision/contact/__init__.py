"""The role ``contact``: which joints touch the object."""
