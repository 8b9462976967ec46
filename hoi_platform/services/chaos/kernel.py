"""Failing system calls for this process alone, by a seccomp filter that the kernel runs.

A filter cannot be removed: the disk stays full until the process ends. No privileges are
needed, and every library in the process is hit, SQLite's C code too.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
from collections.abc import Sequence
from typing import Final

from hoi_platform.core.errors import MissingResourceError

# linux/bpf_common.h, linux/seccomp.h, linux/prctl.h
_LOAD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
"""Instructions of a filter (Linux, linux/bpf_common.h)."""
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
"""What a filter returns (Linux, linux/seccomp.h)."""
_NO_NEW_PRIVS, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
"""Calls of prctl and their arguments (Linux, linux/prctl.h, linux/seccomp.h)."""
_PARENT_DEATH_SIGNAL: Final = 1
"""PR_SET_PDEATHSIG (Linux, linux/prctl.h)."""
_NUMBER, _FIRST, _THIRD = 0, 16, 32
"""Offsets of a call's number and arguments (bytes; Linux, struct seccomp_data)."""
_O_CREAT: Final = 0o100
"""The flag of a file that is created (Linux, fcntl.h, octal)."""

_CALLS: Final[dict[str, dict[str, int]]] = {
    "x86_64": {"write": 1, "pwrite": 18, "fsync": 74, "fdatasync": 75, "openat": 257},
    "aarch64": {"write": 64, "pwrite": 68, "fsync": 82, "fdatasync": 83, "openat": 56},
}
"""Numbers of system calls by machine (Linux, unistd.h)."""
# SQLite writes with pwrite and syncs with fdatasync, Python's files use write and fsync.
_LEDGER_CALLS: Final = {"write": "pwrite", "sync": "fdatasync"}
_FILE_CALLS: Final = {"write": "write", "sync": "fsync", "create": "openat"}
Instruction = tuple[int, int, int, int]


def fail_from_now_on(target: str, error: str) -> None:
    """Every such call of this process fails with ``ENOSPC`` or ``EIO``, until the process ends.

    ``target``: one of ``plan.DISK_EDGES``, as "ledger write" or "video sync".
    """
    what, _, how = target.partition(" ")
    call = (_LEDGER_CALLS if what == "ledger" else _FILE_CALLS)[how]
    outcome = _ERRNO | getattr(errno, error)
    body: list[Instruction] = [(_RETURN, 0, 0, outcome)]
    if call == "write":  # not to standard output and error
        body = [(_LOAD, 0, 0, _FIRST), (_JUMP_GREATER, 0, 1, 2), *body]
    elif call == "openat":  # only those that make a file
        body = [(_LOAD, 0, 0, _THIRD), (_JUMP_BITS, 0, 1, _O_CREAT), *body]
    _install(call, body)


def die_at_sync_of(descriptors: Sequence[int]) -> None:
    """The next fdatasync of one of these files kills the process: its writes are not synced."""
    body: list[Instruction] = [(_LOAD, 0, 0, _FIRST)]
    for descriptor in descriptors:
        body += [(_JUMP_EQUAL, 0, 1, descriptor), (_RETURN, 0, 0, _KILL)]
    _install("fdatasync", body)


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """The kernel signals this process when its parent ends, however that happens."""
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, by, 0, 0, 0)


def check_available() -> None:
    """Raises MissingResourceError where the kernel runs no filters."""
    child = os.fork()
    if not child:
        try:
            fail_from_now_on("ledger sync", "EIO")
        except OSError:
            os._exit(1)
        os._exit(0)
    if platform.machine() not in _CALLS or os.waitpid(child, 0)[1]:
        raise MissingResourceError(
            "this bench needs Linux on x86_64 or aarch64 with seccomp filters, by which it makes "
            "disks fail; run it outside of a sandbox that forbids them"
        )


def _install(call: str, body: list[Instruction]) -> None:
    number = _CALLS[platform.machine()][call]
    program = [(_LOAD, 0, 0, _NUMBER), (_JUMP_EQUAL, 0, len(body), number), *body]
    program.append((_RETURN, 0, 0, _ALLOW))
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code)
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((_NO_NEW_PRIVS, 1, 0, 0, 0), (_SET_SECCOMP, _MODE_FILTER, header, 0, 0)):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
