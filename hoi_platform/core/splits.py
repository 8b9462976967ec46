"""Which clips train, and which test: by object, so that no object is seen in two splits.

All clips of an object, whatever its tasks, are in one split, and so are objects of the same shape.
The split follows from a hash of the object's id: clips and objects that are added later move
nothing, unless a new object has the shape of an old one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import numpy as np

from hoi_platform.core.arrays import Array

Split = Literal["train", "validation", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "validation", "test")
_SHARES: Final = {"validation": 0.1, "test": 0.1}
"""Share of the objects (0 to 1); the rest trains. Chosen, as is usual."""
_GRID: Final = 1e-4
"""Share of the longest side to which a shape's points are rounded; chosen above float32's rounding
and below what makes another object."""


def split_objects(shapes: Mapping[str, Iterable[str]]) -> dict[str, Split]:
    """Object (``<dataset>/<category>``) → its split; ``shapes`` are those that it has had.

    Objects that share a shape, directly or through others, are one group; its first hash decides.
    """
    group = {name: {name} for name in shapes}
    owner: dict[str, str] = {}
    for name in sorted(shapes):
        for shape in shapes[name]:
            other = owner.setdefault(shape, name)
            if group[other] is not group[name]:
                merged = group[other] | group[name]
                group |= dict.fromkeys(merged, merged)
    return {name: _split(min(_digest(member) for member in group[name])) for name in sorted(shapes)}


def shape_digest(vertices: Array) -> str:
    """Identity of a mesh's shape: its set of points, whatever their order, place, size or colors.

    ``vertices`` (N, 3) in any unit.
    """
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    longest = float((high - low).max()) or 1.0
    steps = np.rint((vertices - (low + high) / 2) / (longest * _GRID)).astype(np.int64)
    return hashlib.sha256(np.unique(steps, axis=0).tobytes()).hexdigest()


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _split(digest: str) -> Split:
    """The first 64 bits of a hash as a number between 0 and 1, held against the shares."""
    place, end = int(digest[:16], 16) / 2**64, 0.0
    for split in ("test", "validation"):
        end += _SHARES[split]
        if place < end:
            return split
    return "train"
