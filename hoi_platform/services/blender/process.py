"""One Blender child process: its pipes, its log and its death."""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

_MAIN: Final = Path(__file__).with_name("worker") / "main.py"
_LOG_LINES: Final = 200
"""Last lines of Blender's output that are kept for an error; chosen."""
_SCRATCH: Final = "HOI_BLENDER_SCRATCH"
"""The folder that a child removes when its parent was killed."""


class WorkerDiedError(Exception):
    """The child closed its pipe; ``returncode`` is negative for a signal."""

    def __init__(self, returncode: int | None) -> None:
        super().__init__(f"worker ended with {returncode}")
        self.returncode = returncode


def kill_workers() -> None:
    """End every worker of this process: its end is near, and none may outlive it."""
    for worker in list(_running):
        with contextlib.suppress(OSError):
            worker.kill()


class WorkerProcess:
    """A running worker. Not thread-safe; the service that owns it serializes the calls."""

    def __init__(self, executable: Path | None, threads: int, tests: bool) -> None:
        request_read, self._requests = os.pipe()
        self._answers, answer_write = os.pipe()
        lifeline, self._lifeline = os.pipe()
        given = [request_read, answer_write, lifeline]
        arguments = ["--", *map(str, given), str(threads), str(int(tests))]
        # Blender's own temporary folder would stay behind whenever it is killed.
        self._scratch = TemporaryDirectory(prefix="hoi-blender-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [*_launcher(executable), *arguments],
            pass_fds=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"TMPDIR": self._scratch.name, _SCRATCH: self._scratch.name},
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )
        for descriptor in given:
            os.close(descriptor)
        self._open = {self._requests, self._answers, self._lifeline}
        self._buffer = b""
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()
        _running.add(self)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def log(self, lines: int = 12) -> str:
        """The last lines that Blender printed."""
        return "\n".join(list(self._log)[-lines:])

    def send(self, message: dict[str, Any]) -> None:
        """Write one request; raises WorkerDiedError when nobody reads it."""
        try:
            data = (json.dumps(message) + "\n").encode()
            while data:
                data = data[os.write(self._requests, data) :]
        except BrokenPipeError as error:
            raise WorkerDiedError(self._wait()) from error

    def receive(self, deadline: float) -> dict[str, Any]:
        """The next line, until ``time.monotonic()`` passes ``deadline``.

        Raises TimeoutError and WorkerDiedError.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                chunk = os.read(self._answers, 1 << 16)
                if not chunk:
                    raise WorkerDiedError(self._wait())
                self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def kill(self) -> None:
        """End the child now and remove its folder; from any thread, and nothing is waited for."""
        self._process.kill()
        self._scratch.cleanup()

    def close(self, patience_s: float = 0.0) -> None:
        """End the child, by force once ``patience_s`` have passed."""
        _running.discard(self)
        self._shut(self._requests)
        try:
            self._process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=1.0)
        if self._process.stdout:
            self._process.stdout.close()
        self._shut(self._answers)
        self._shut(self._lifeline)
        self._scratch.cleanup()

    def _shut(self, descriptor: int) -> None:
        """Close once, also where a signal interrupted an earlier ``close``."""
        if descriptor in self._open:
            self._open.remove(descriptor)
            os.close(descriptor)

    def _wait(self) -> int | None:
        try:
            returncode = self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(timeout=1.0)  # its last words
        return returncode

    def _drain(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if text := line.decode(errors="replace").strip():
                self._log.append(text)


_running: Final[weakref.WeakSet[WorkerProcess]] = weakref.WeakSet()


def _launcher(executable: Path | None) -> list[str]:
    """The bpy wheel of this interpreter, or a Blender installation."""
    if executable is None:
        return [sys.executable, "-P", str(_MAIN)]  # -P: the script's folder shadows nothing
    options = ["--background", "--factory-startup", "--python-exit-code", "1"]
    return [str(executable), *options, "--python", str(_MAIN)]
