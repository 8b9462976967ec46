"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from hoi_platform.core.errors import BadInputError

ResultsDir = Annotated[
    Path,
    typer.Option(
        "--results_dir", "--results-dir", envvar="HOI_RESULTS_DIR", help="Folder of all results."
    ),
]
Dataset = Annotated[str, typer.Option(help="Dataset of the object.")]
Category = Annotated[str, typer.Option(help="Category of the object within its dataset.")]
Task = Annotated[str, typer.Option(help="What the person does with the object.")]
Profile = Annotated[str, typer.Option(help="demo: 640x360, 49 frames; full: 1280x720, 121 frames.")]

DEFAULT_RESULTS = Path("results")


def parse_seeds(text: str) -> list[int]:
    """``1``, ``1,2,5`` or ``1-3`` → seeds in order, each from 1 to 128."""
    from hoi_platform.core.clip import MAX_SEED

    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or (last and not last.isdigit()):
            raise BadInputError(f"seeds {text!r} are not of the form 1, 1,2,5 or 1-3")
        seeds += range(int(first), int(last or first) + 1)
    if not seeds or any(not 1 <= seed <= MAX_SEED for seed in seeds):
        raise BadInputError(f"seeds {text!r}: each must be from 1 to {MAX_SEED}")
    return list(dict.fromkeys(seeds))
