"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

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
