"""A private PostgreSQL cluster in a temporary folder, run as a user that is not root."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hoi_platform.services.fake_apis.server import free_port

_UNPRIVILEGED = ("postgres", "nobody")


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """The server's URL; skips the test where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed; scripts/postgres.sh installs it (as root)")
    user = _user()
    with tempfile.TemporaryDirectory(prefix="hoi_pg_") as folder:
        data, port = Path(folder) / "data", free_port()
        if user is not None:
            shutil.chown(folder, user)
        _run([programs / "initdb", "-D", data, "-U", "hoi", "-A", "trust", "-E", "UTF8"], user)
        # Only what is needed: loopback, sockets in our folder.
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
        start = [programs / "pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w"]
        _run([*start, "start"], user)
        try:
            yield f"postgresql://hoi@127.0.0.1:{port}/postgres"
        finally:
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def _user() -> str | None:
    """Somebody else than root, whom PostgreSQL refuses; None when we are somebody else."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in known)


def _run(command: list[Path | str], user: str | None) -> None:
    arguments = [str(part) for part in command]
    subprocess.run(
        arguments, user=user, cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=120
    )
