"""Cells of the grid as people write them: seeds in a list or a range."""

from hoi_platform.core.clip import MAX_SEED
from hoi_platform.core.errors import BadInputError


def parse_seeds(text: str) -> list[int]:
    """``1``, ``1,2,5`` or ``1-3`` → seeds in order, each from 1 to 128."""
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise BadInputError(f"seeds {text!r} are not of the form 1, 1,2,5 or 1-3")
        seeds += range(int(first), min(int(last or first), MAX_SEED + 1) + 1)
    if not seeds or any(not 1 <= seed <= MAX_SEED for seed in seeds):
        raise BadInputError(f"seeds {text!r}: each must be from 1 to {MAX_SEED}")
    return list(dict.fromkeys(seeds))
