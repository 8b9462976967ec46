"""Writing files and folders whole: temporary name, fsync, rename."""

import contextlib
import errno
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from hoi_platform.core.errors import StorageError

LOCK_PATIENCE_S: Final = 600.0
"""How long to wait for a lock (s). It is held while files are renamed, for milliseconds, unless its
holder was stopped. Chosen."""
_LOCK_POLL_S: Final = 0.02
"""Between two attempts to get a lock (s); chosen."""

_CURES: Final = {
    errno.ENOSPC: "free space there",
    errno.EDQUOT: "raise the quota or free space there",
    errno.EFBIG: "raise the limit of a file's size (ulimit -f)",
    errno.EROFS: "mount it writable, or name another folder with --results_dir",
    errno.EACCES: "give this user write access, or name another folder with --results_dir",
    errno.EPERM: "give this user write access, or name another folder with --results_dir",
    errno.EIO: "check the disk: it reports an input/output error",
    errno.ENOTDIR: "a part of that path is a file: name another folder with --results_dir",
}
"""What a disk refuses with → what to do."""


def write_whole(path: Path, data: bytes | str, *, sync: bool = True) -> None:
    """Replace ``path`` in one step; a crash leaves the old file or the new one.

    Without ``sync``, a power cut may leave a damaged one: for files that can be made again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def move_whole(source: Path, target: Path) -> None:
    """Move a finished file or folder to its place, replacing what is there.

    Both must be on one file system. A folder is swapped by two renames, so that a reader sees
    the old one, none, or the new one, never a mixture.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        old = target.with_name(f".{target.name}.{uuid.uuid4().hex}.old")
        target.rename(old)
        source.rename(target)
        shutil.rmtree(old)
    else:
        source.replace(target)
    sync_folder(target.parent)


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file or folder to ``target`` in one step, replacing what is there."""
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        if source.is_dir():
            shutil.copytree(source, part)
        else:
            shutil.copyfile(source, part)
        sync_tree(part)
        move_whole(part, target)
    finally:
        remove_whole(part)


def remove_whole(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_tree(root: Path) -> None:
    """Flush every file below ``root`` (or the file itself) to disk."""
    for path in [root, *root.rglob("*")] if root.is_dir() else [root]:
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive(lock: Path, patience_s: float = LOCK_PATIENCE_S) -> Iterator[None]:
    """Hold ``lock`` against other processes; the kernel frees it when the holder dies.

    Raises StorageError, which names the holder, when it is not free within ``patience_s``.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience_s
    with lock.open("a+") as file:
        while not _locked(file):
            if time.monotonic() > deadline:
                file.seek(0)
                raise StorageError(
                    f"{lock} has been held by process {file.read() or '?'} for {patience_s:g} s; "
                    "it may have been stopped: let it continue (fg) or end it, then run the same "
                    "command again"
                )
            time.sleep(_LOCK_POLL_S)
        with contextlib.suppress(OSError):  # the holder's name is for the message above alone
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), str(os.getpid()).encode())
        yield


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def storage_errors(what: str, folder: Path) -> Iterator[None]:
    """Raises StorageError, with the cure, for what the disk of ``folder`` refuses inside."""
    try:
        yield
    except OSError as error:
        if (fault := storage_fault(error, folder)) is None:
            raise
        raise StorageError(f"{what}: {fault}: finished stages are kept") from error


def storage_fault(error: OSError, folder: Path | None = None) -> str | None:
    """What a disk refused, where, and the cure; None for an error that is not a disk's.

    ``folder`` is named where the error names no file.
    """
    if error.errno not in _CURES:
        return None
    where = error.filename or folder or "a file"
    return (
        f"{where} could not be written ({os.strerror(error.errno)}); {_CURES[error.errno]}, then "
        "run the same command again"
    )
