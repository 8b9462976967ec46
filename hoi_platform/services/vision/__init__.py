"""The vision roles, one file each: a socket and the backends that run in this process.

Belongs here: sockets, requests, embedded backends. Does not: the methods (``core``), choosing a
backend (``services.backends``), external programs (``services.runners``).
"""
