"""Commands as processes of their own, with signals and a look at what they leave behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from hoi_platform.resources.platform import PROJECT_ROOT

_MARK = "HOI_TEST_PROCESS"
HOI = ("-m", "hoi_platform.cli")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    seconds: float
    """From the signal, or from the start where none was sent."""
    output: str
    errors: str


@dataclass(frozen=True)
class Running:
    """A command that runs; it and its children carry a mark in their environment."""

    process: subprocess.Popen[str]
    mark: str

    def wait_for(self, word: str | tuple[str, ...]) -> None:
        """Read its output up to a line that begins with ``word``, or with one of them."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return
        raise AssertionError(f"{word!r} was never printed: {self.ended(time.monotonic())}")

    def stop(self, number: signal.Signals) -> Ended:
        """Send a signal and wait."""
        started = time.monotonic()
        self.process.send_signal(number)
        return self.ended(started)

    def ended(self, started: float) -> Ended:
        output, errors = self.process.communicate(timeout=300)
        seconds = time.monotonic() - started
        return Ended(self.process.returncode, seconds, output, errors)

    def left_behind(self, patience_s: float = 5.0) -> list[str]:
        """Command lines of the processes that outlived it, after a moment to die."""
        deadline = time.monotonic() + patience_s
        while (found := list(_marked(self.mark))) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found


@contextmanager
def running(arguments: Sequence[str], **environment: str) -> Iterator[Running]:
    """``python ARGUMENTS`` in the project's folder; killed if it still runs at the end."""
    mark = uuid4().hex
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
        env=_environment() | {_MARK: mark, "PYTHONUNBUFFERED": "1"} | environment,
    )
    try:
        yield Running(process, mark)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def run(arguments: Sequence[str], **environment: str) -> Ended:
    """The same, to its end."""
    with running(arguments, **environment) as command:
        return command.ended(time.monotonic())


def _environment() -> Mapping[str, str]:
    return os.environ | {"PYTHONPATH": str(PROJECT_ROOT), "DAGSTER_DISABLE_TELEMETRY": "1"}


def _marked(mark: str) -> Iterator[str]:
    wanted = f"{_MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has ended, or belongs to somebody else
