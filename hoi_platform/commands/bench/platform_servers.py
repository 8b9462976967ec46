"""The memory of the servers of ``hoi ui``, with nothing to do."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import StageError
from hoi_platform.services.fake_apis.server import free_port
from hoi_platform.services.scale.measure import tree_memory_mb

START_S: Final = 180.0
"""Time for the page to answer (s); chosen: many times what it takes on an idle machine."""
SETTLE_S: Final = 45.0
"""Time for the daemon's first rounds after that (s); chosen: longer than its 30 s interval."""


def idle_memory_mb(folder: Path) -> float:
    """Of the web server, the daemon, the code server and the file server together.

    Raises StageError where they do not start.
    """
    home = folder / "dagster_home"
    home.mkdir(parents=True, exist_ok=True)
    port, files_port = free_port(), free_port()
    ports = ["--port", str(port), "--files_port", str(files_port)]
    command = [sys.executable, "-m", "hoi_platform.cli", "ui", *ports]
    environment = os.environ | {"DAGSTER_HOME": str(home)}
    log = folder / "servers.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--results_dir", str(folder / "results")],
            env=environment,
            stdout=output,
            stderr=output,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/server_info", process, log)
            time.sleep(SETTLE_S)
            return round(tree_memory_mb(process.pid))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(1)
    raise StageError(f"`hoi ui` did not answer within {START_S:g} s; its log is {log}")
