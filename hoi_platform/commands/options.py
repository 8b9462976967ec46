"""The options that several commands share."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from hoi_platform.commands import completion

_LAST_PORT: Final = 65_535
"""The highest port number; of the standard of TCP (RFC 9293)."""


def known_task(name: str) -> str:
    """Refuses a task that does not exist, with those that do."""
    from hoi_platform.core.errors import ConfigError
    from hoi_platform.core.task import TASKS

    try:
        TASKS.find(name)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error
    return name


def known_port(number: int) -> int:
    """Refuses what is no number of a port."""
    if not 1 <= number <= _LAST_PORT:
        raise typer.BadParameter(f"{number} is no port; choose one from 1 to {_LAST_PORT}")
    return number


ResultsDir = Annotated[
    Path,
    typer.Option(
        "--results_dir",
        "--results-dir",
        envvar="HOI_RESULTS_DIR",
        file_okay=False,
        help="Folder of all results.",
    ),
]
Dataset = Annotated[
    str, typer.Option(help="Dataset of the object.", autocompletion=completion.datasets)
]
Category = Annotated[
    str,
    typer.Option(
        help="Category of the object within its dataset.", autocompletion=completion.categories
    ),
]
Task = Annotated[
    str,
    typer.Option(
        help="What the person does with the object.",
        callback=known_task,
        autocompletion=completion.tasks,
    ),
]
Profile = Annotated[
    Literal["demo", "full"],
    typer.Option(
        envvar="HOI_PROFILE", help="demo: 640x360, 49 frames; full: 1280x720, 121 frames."
    ),
]
Port = Annotated[int, typer.Option(callback=known_port, help="Port on the loopback interface.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print a JSON array of objects, and nothing else.")
]
ObjectFilter = Annotated[
    str,
    typer.Option(
        "--object",
        help="Only this category, or dataset/category; * stands for anything.",
        autocompletion=completion.objects,
    ),
]
TaskFilter = Annotated[
    str, typer.Option("--task", help="Only this task.", autocompletion=completion.tasks)
]
StateFilter = Annotated[str, typer.Option("--state", help="Only what is in this state.")]
FailedFilter = Annotated[
    str,
    typer.Option(
        "--failed",
        help="Only what failed this check.",
        autocompletion=completion.checks,
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show Dagster's log.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress: results and errors alone.")
]

DEFAULT_RESULTS = Path("results")
