"""``hoi serve`` and ``hoi ui``: pages on loopback."""

import os
from typing import Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, Port, Quiet, ResultsDir, known_port
from hoi_platform.commands.ports import require_free

Host = Annotated[
    str, typer.Option(help="Interface to listen on; any but loopback is for containers.")
]

AllowedHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--allowed_host",
        "--allowed-host",
        envvar="HOI_ALLOWED_HOSTS",
        help="Another name that the server answers to, such as a proxy's. May be repeated.",
    ),
]

FilesPort = Annotated[
    int,
    typer.Option(
        "--files_port",
        "--files-port",
        callback=known_port,
        help="Port of the results' file server.",
    ),
]


def serve(
    results_dir: ResultsDir = DEFAULT_RESULTS,
    port: Port = 3070,
    host: Host = "127.0.0.1",
    allowed_host: AllowedHosts = None,
) -> None:
    """Serve the gallery, videos, 3D pages and clips of a results folder on http://127.0.0.1.

    Nothing else of the folder is served. It answers to loopback's names, to that of
    HOI_FILES_URL and to those of --allowed_host.
    """
    from hoi_platform.services.viewer.hosts import host_of
    from hoi_platform.services.viewer.server import run_server

    require_free(port=port)
    names = [*(allowed_host or ()), *host_of(os.environ.get("HOI_FILES_URL"))]
    run_server(results_dir.absolute(), host, port, names)


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
