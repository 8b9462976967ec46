"""A private PostgreSQL cluster in a temporary folder, run as a user that is not root."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import MissingResourceError

_UNPRIVILEGED: Final = ("postgres", "nobody")

_FAULTS: Final = """
CREATE FUNCTION hoi_chaos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  CASE current_setting('hoi_chaos.' || TG_ARGV[0], true)
    WHEN 'ENOSPC' THEN
      RAISE 'could not extend file "base/5/16384": No space left on device'
        USING ERRCODE = 'disk_full';
    WHEN 'EIO' THEN
      RAISE 'could not write block 1 in file "base/5/16384": Input/output error'
        USING ERRCODE = 'io_error';
    ELSE RETURN NULL;
  END CASE;
END $$;
CREATE TRIGGER hoi_chaos_write AFTER INSERT OR UPDATE ON paid_request
  FOR EACH ROW EXECUTE FUNCTION hoi_chaos('write');
CREATE CONSTRAINT TRIGGER hoi_chaos_sync AFTER INSERT OR UPDATE ON paid_request
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hoi_chaos('sync');
"""
"""Raises what a server with such a disk raises: at a session's statement, or at its commit."""


@dataclass(frozen=True)
class Cluster:
    """A running server."""

    folder: Path
    programs: Path
    user: str | None
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://hoi@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        # Only what is needed: loopback, sockets in our folder.
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        self._control("-o", options, "-l", f"{self.folder}/log", "start")

    def crash(self) -> None:
        """End the server without a shutdown: the next start recovers."""
        self._control("-m", "immediate", "stop")

    def _control(self, *arguments: str) -> None:
        data = str(self.folder / "data")
        _run([str(self.programs / "pg_ctl"), "-D", data, "-w", *arguments], self.user)


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Raises MissingResourceError where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        raise MissingResourceError(
            "PostgreSQL is not installed; scripts/postgres.sh installs it (as root)"
        )
    user = _user()
    with tempfile.TemporaryDirectory(prefix="hoi_pg_", dir=_memory()) as folder:
        data = Path(folder) / "data"
        if user is not None:
            shutil.chown(folder, user)
        initdb = [str(programs / "initdb"), "-D", str(data)]
        _run([*initdb, "-U", "hoi", "-A", "trust", "-E", "UTF8"], user)
        cluster = Cluster(Path(folder), programs, user, _free_port())
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.crash()


def install_faults(url: str) -> None:
    """Let sessions choose that their writes to the ledger fail, by ``SET hoi_chaos.write``."""
    import psycopg2

    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(_FAULTS)
    finally:
        connection.close()


def _memory() -> Path | None:
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


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


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _run(command: list[str], user: str | None) -> None:
    subprocess.run(command, user=user, cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=120)
