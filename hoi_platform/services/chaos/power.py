"""What a power failure leaves of a file that was written and not yet synced."""

import random
from pathlib import Path
from typing import Final

_SECTOR: Final = 512


def tear(path: Path, before: bytes, rng: random.Random) -> int:
    """Lose sectors that changed since ``before`` at random; returns how many were lost.

    Each is as it was, as it should be, zero, or noise; a tail may be cut off. Sectors that did not
    change are left alone: they were on the disk.
    """
    after = path.read_bytes() if path.exists() else b""
    torn, lost = bytearray(), 0
    for start in range(0, max(len(before), len(after)), _SECTOR):
        old, new = before[start : start + _SECTOR], after[start : start + _SECTOR]
        if old == new:
            torn += new
            continue
        choices = (new, old.ljust(len(new), b"\0"), bytes(len(new)), rng.randbytes(len(new)))
        kept = rng.choice(choices)
        lost += kept != new
        torn += kept
    if len(after) > len(before) and rng.random() < 0.3:
        del torn[rng.randrange(len(before), len(after) + 1) :]
        lost += 1
    if lost:
        path.write_bytes(torn)
    return lost
