"""``hoi fake-apis``: the stand-ins for paid services, on loopback."""

import importlib
from pathlib import Path
from typing import Annotated

import typer

from hoi_platform.core.errors import MissingResourceError


def fake_apis(
    port: Annotated[int, typer.Option(help="Port on the loopback interface.")] = 3080,
    video: Annotated[
        Path | None, typer.Option(help="MP4 that every task delivers; default: a still image.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Fault plan; without one, everything works.")
    ] = None,
    task_seconds: Annotated[float, typer.Option(help="How long a task runs.")] = 20.0,
) -> None:
    """Serve stand-ins of Kling, fal and a chat endpoint; prints what to export."""
    try:
        server = importlib.import_module("hoi_platform_tests.fake_apis.server")
    except ModuleNotFoundError as error:
        raise MissingResourceError(
            "the stand-ins are test equipment and not part of the installed package; run this "
            "command in a checkout of the project"
        ) from error
    server.run(port, video, seed, task_seconds)
