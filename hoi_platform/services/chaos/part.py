"""A part of the bench: one ledger, one service process, one auditor, a range of cases.

Run as ``python -m hoi_platform.services.chaos.part JSON`` in ``ENVIRONMENT``: a process without
threads, open connections or engines, from which everything else is forked. It prints a line of
JSON per case and its figures at the end.
"""

import contextlib
import dataclasses
import gc
import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from hoi_platform.services.chaos import buying, kernel
from hoi_platform.services.chaos.auditing import audit_until_told
from hoi_platform.services.chaos.case import CaseRun, World
from hoi_platform.services.chaos.clock import SharedClock
from hoi_platform.services.chaos.plan import Case, Database, case_of
from hoi_platform.services.chaos.postgres import Cluster, install_faults, running_cluster
from hoi_platform.services.chaos.service import Control, Services, serve
from hoi_platform.services.chaos.verdict import Result
from hoi_platform.services.chaos.warm import warm_up
from hoi_platform.services.fake_apis.videos import still_video
from hoi_platform.services.ledger.database import open_ledger

ENVIRONMENT: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""What a part's process is started with: one that has threads must not be forked."""


@dataclass(frozen=True)
class Part:
    """Which cases are run."""

    seed: int
    database: Database
    first: int
    count: int


def run_part(part: Part, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The figures of a part; ``say`` hears of each case. Raises MissingResourceError."""
    numbers = range(part.first, part.first + part.count)
    cases = [case_of(part.seed, number, part.database) for number in numbers]
    return dataclasses.asdict(part) | run_cases(part.database, cases, say)


def run_cases(
    database: Database, cases: Iterable[Case], say: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """The outcome of these cases, in one world."""
    kernel.check_available()
    warm_up()
    begun, total = time.monotonic(), Result()
    with _world(database) as (world, auditor):
        for case in cases:
            result = CaseRun(world, case).run()
            total.counts.update(result.counts)
            total.ends.update(result.ends)
            for kind, texts in result.findings.items():
                total.findings.setdefault(kind, []).extend(texts)
            say({"case": case.number, "deaths": total.counts["deaths"], "story": result.story})
        last = auditor.judge([])
        for kind, texts in last["findings"].items():
            total.findings.setdefault(kind.replace("_", " "), []).extend(texts)
    return {
        "counts": dict(sorted(total.counts.items())),
        "ends": dict(sorted(total.ends.items())),
        "audits": last["audits"],
        "findings": total.findings,
        "seconds": round(time.monotonic() - begun, 1),
    }


@dataclass(frozen=True)
class AuditorProcess:
    """The bench's side of the auditor."""

    pipe: Connection

    def excuse(self, subjects: list[str]) -> None:
        self.pipe.send(("excuse", subjects))

    def pardon(self, subjects: list[str]) -> None:
        self.pipe.send(("pardon", subjects))

    def hold(self) -> None:
        """It reads nothing until ``go_on``: its files are about to change under it."""
        self.pipe.send(("hold", []))
        self.pipe.recv()

    def go_on(self) -> None:
        self.pipe.send("go on")

    def judge(self, subjects: list[str]) -> dict[str, Any]:
        self.pipe.send(("judge", subjects))
        answer: dict[str, Any] = self.pipe.recv()
        return answer


@contextlib.contextmanager
def _world(database: Database) -> Iterator[tuple[World, AuditorProcess]]:
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="hoi_chaos_", dir=_memory()))
        )
        cluster = stack.enter_context(running_cluster()) if database == "postgresql" else None
        url = cluster.url if cluster else f"sqlite:///{folder}/ledger/ledger.db"
        _in_child(lambda: _prepare_ledger(url, cluster))
        buying.make_frames(folder / "frames")
        clock, port = SharedClock(), _free_port()
        service_url, control = f"http://127.0.0.1:{port}", Control(port)
        services = Services(clock, service_url, still_video(width=320, fps=1))
        gc.freeze()
        stack.enter_context(_child(lambda: serve(services, port)))
        control.wait_until_up()
        ours, theirs = multiprocessing.Pipe()
        stack.enter_context(_child(lambda: audit_until_told(url, control, theirs)))
        world = World(
            site=buying.Site(url, service_url, folder),
            clock=clock,
            control=control,
            judge=AuditorProcess(ours),
            crash_server=_crash(cluster) if cluster else None,
        )
        yield world, AuditorProcess(ours)


def _prepare_ledger(url: str, cluster: Cluster | None) -> None:
    open_ledger(url)
    if cluster is not None:
        install_faults(url)


def _crash(cluster: Cluster) -> Callable[[], None]:
    def crash() -> None:
        cluster.crash()
        cluster.start()

    return crash


@contextlib.contextmanager
def _child(body: Callable[[], None]) -> Iterator[None]:
    pid = _fork(body)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _in_child(body: Callable[[], None]) -> None:
    """Run to its end, elsewhere: it leaves no engine and no thread behind."""
    if os.waitpid(_fork(body), 0)[1]:
        raise RuntimeError("the ledger could not be prepared")


def _fork(body: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        kernel.die_with_parent()
        body()
        status = 0
    except BaseException:  # noqa: BLE001 - shown, and the exit status reports it
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _memory() -> Path | None:
    """Where syncing to disk is free, if the system has such a folder."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def main(argument: str) -> None:
    """Print a line of JSON per case, then the figures."""

    def say(line: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # all that was started is ended
    kernel.die_with_parent(signal.SIGTERM)
    say({"figures": run_part(Part(**json.loads(argument)), say)})


if __name__ == "__main__":
    main(sys.argv[1])
