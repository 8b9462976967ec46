"""Which backends can fill each role, with what configuration and under what license.

Belongs here: the registry, what the configuration chooses from it, what the choice depends on.
Does not: the roles' sockets and the backends themselves (``services.vision``, ``services.video``).
A file put into ``shipped`` registers its backends; nothing else has to be edited.
"""
