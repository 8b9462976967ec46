"""Ports on the loopback interface that a server is about to listen on."""

import errno
import socket

from hoi_platform.commands.entry import UsageError


def require_free(**ports: int) -> None:
    """Raises UsageError for a port that is in use, or that two servers share.

    ``ports``: option, without its dashes → number.
    """
    for name, port in ports.items():
        others = [other for other, its in ports.items() if its == port and other != name]
        if others:
            raise UsageError(f"--{name} and --{others[0]} are both {port}; give each its own")
        if trouble := port_trouble(port):
            raise UsageError(f"--{name} {port}: {trouble}; give another one with --{name}")


def port_trouble(port: int) -> str:
    """Why a server could not listen on a port; empty if it could."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "another program listens there"
            return f"this user may not listen there ({error.strerror})"
    return ""
