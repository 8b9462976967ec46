"""What tells a changed file from the one that was read; what is made of a file, made once."""

import os
import time
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

FileState = tuple[int, int, int, int]
"""Inode, size, and times of modification and of change (ns).

A write moves the times, a file put in its place has another inode, and no program can set the time
of change back.
"""

UNSETTLED_S: Final = 0.1
"""A file that was touched this recently (s) can change again without another time of change, so
that nothing is kept of it; chosen: ten ticks of a kernel's clock."""


def file_state(info: os.stat_result) -> FileState:
    """From what ``stat`` says."""
    return info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def state_of(path: Path) -> FileState | None:
    """The state of a file; None where there is none."""
    try:
        return file_state(path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return None


def settled(state: FileState) -> bool:
    """Whether the next change of the file will be visible in its state."""
    return time.time_ns() - max(state[2:]) > UNSETTLED_S * 1e9


_KEPT: Final[dict[Hashable, tuple[object, Any]]] = {}
"""What was made of files: their states then, and the result."""


def once(name: Hashable, files: Sequence[Path], make: Callable[[], T]) -> T:
    """What ``make`` makes of these files, made again only when one of them changed.

    ``name`` tells it from all else that is made of files; an error is not kept. The result is
    shared within the process: it is not to be changed.
    """
    states = [(file, state_of(file)) for file in files]
    held = _KEPT.get(name)
    if held is None or held[0] != states:
        held = states, make()
        if all(state is None or settled(state) for _, state in states):
            _KEPT[name] = held
    return held[1]
