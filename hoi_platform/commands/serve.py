"""``hoi serve`` and ``hoi ui``: pages on loopback."""

import os
from typing import Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, Port, Quiet, ResultsDir, known_port
from hoi_platform.commands.ports import require_free

FilesPort = Annotated[
    int,
    typer.Option(
        "--files_port",
        "--files-port",
        callback=known_port,
        help="Port of the results' file server.",
    ),
]


def serve(results_dir: ResultsDir = DEFAULT_RESULTS, port: Port = 3070) -> None:
    """Serve the results folder (gallery, videos, 3D pages) on http://127.0.0.1."""
    from hoi_platform.services.viewer.server import run_server

    require_free(port=port)
    run_server(results_dir.absolute(), port)


def ui(
    results_dir: ResultsDir = DEFAULT_RESULTS,
    port: Port = 3000,
    files_port: FilesPort = 3070,
    quiet: Quiet = False,
) -> None:
    """Start the Dagster web page, its daemon and the file server; Ctrl-C ends them all.

    One that dies is reported and started again; the exit status is 1 where that does not help.
    """
    from hoi_platform.commands.terminal import console
    from hoi_platform.commands.together import Together
    from hoi_platform.instance import project_instance
    from hoi_platform.liveness.dead_runs import fail_dead_runs
    from hoi_platform.partitions import add_object_keys
    from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource

    require_free(port=port, files_port=files_port)
    os.environ["HOI_RESULTS_DIR"] = str(results_dir.absolute())
    os.environ.setdefault("HOI_PROFILE", "demo")
    files_url = os.environ.setdefault("HOI_FILES_URL", f"http://127.0.0.1:{files_port}")
    with project_instance() as instance:
        for line in fail_dead_runs(instance):
            console.print(f"failed: run {line}")
        catalogue = PlatformResource().platform().catalogue
        add_object_keys(instance, list(catalogue.keys().values()))
    workspace = ["-w", str(PROJECT_ROOT / "workspace.yaml")]
    less = "warning" if quiet else "info"
    page = ["--dagster-log-level", less, "--code-server-log-level", less]
    commands = [
        ["dagster-webserver", "-h", "127.0.0.1", "-p", str(port), *workspace, *page],
        ["dagster-daemon", "run", *workspace, "--log-level", less],
        ["hoi", "serve", "--results_dir", str(results_dir), "--port", str(files_port)],
    ]
    console.print(f"Dagster   http://127.0.0.1:{port}\nresults   {files_url}")
    if status := Together(commands, console.print).run():
        raise typer.Exit(status)
