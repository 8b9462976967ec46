"""What a power failure leaves of a file that was written and not yet synced."""

import random
from pathlib import Path
from typing import Final

_SECTOR: Final = 512
"""Bytes that a disk writes whole; chosen: the smallest of those in use."""
_CUT_RATE: Final = 0.3
"""Share of the files that grew whose tail is cut off; chosen."""


def tear(path: Path, before: bytes, rng: random.Random) -> int:
    """Lose sectors that changed since ``before`` at random; returns how many were lost.

    What changed in a sector is as it was, as it should be, zero, or noise; a tail may be cut off.
    Bytes that did not change are left alone: they were on the disk, and SQLite relies on disks
    that spoil nothing beside what they write (its "powersafe overwrite").
    """
    after = path.read_bytes() if path.exists() else b""
    torn, lost = bytearray(), 0
    for start in range(0, max(len(before), len(after)), _SECTOR):
        old, new = before[start : start + _SECTOR], after[start : start + _SECTOR]
        kept = new if old == new else _spoiled(old, new, rng)
        lost += kept != new
        torn += kept
    if len(after) > len(before) and rng.random() < _CUT_RATE:
        del torn[rng.randrange(len(before), len(after) + 1) :]
        lost += 1
    if lost:
        path.write_bytes(torn)
    return lost


def _spoiled(old: bytes, new: bytes, rng: random.Random) -> bytes:
    old = old.ljust(len(new), b"\0")
    if len(new) < len(old):
        return rng.choice((old, new))  # the file became shorter, or did not
    changed = [index for index, pair in enumerate(zip(old, new, strict=True)) if len(set(pair)) > 1]
    if not changed:
        return new
    first, end = changed[0], changed[-1] + 1
    middle = rng.choice(
        (new[first:end], old[first:end], bytes(end - first), rng.randbytes(end - first))
    )
    return new[:first] + middle + new[end:]
