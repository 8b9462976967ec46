"""What holds for every command of ``hoi``: --version, the environment, mistakes in one line."""

import importlib.metadata
from typing import Annotated, Any, Final, cast

import typer

from hoi_platform.commands.entry import UsageError

UsageMistake: Final = cast(type[Exception], typer.BadParameter.__base__)
"""click's UsageError, for which typer has no public name."""
_REPORTS_ITSELF: Final = "doctor"
"""The command that lists what is wrong instead of ending at it."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hoi {importlib.metadata.version('hoi-platform')}")
        raise typer.Exit


def every_command(
    ctx: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Turns 3D object meshes into measured, metric 4D human-object-interaction clips."""
    from hoi_platform.resources.environment import environment_mistakes

    if ctx.invoked_subcommand == _REPORTS_ITSELF or "--help" in ctx.args:
        return
    if mistakes := environment_mistakes():
        raise UsageError("; ".join(mistakes))


def usage_mistake(error: Any) -> str:
    """One line: what is wrong, and where the cure is; nothing after a page of help."""
    said = " ".join(error.format_message().split())
    command = "hoi" if error.ctx is None else error.ctx.command_path
    return f"{said.rstrip('.')}; see `{command} --help`"
