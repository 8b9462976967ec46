"""Blender as a service: one warm child process that outlives many requests.

The parent never imports bpy. A child that crashes or hangs is replaced at the next call.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from hoi_platform.core.errors import MissingResourceError, StageError, TransientError
from hoi_platform.services.blender.process import WorkerDiedError, WorkerProcess

if TYPE_CHECKING:
    from hoi_platform.services.blender.scene_request import WorkerRequest

OnEvent = Callable[[dict[str, Any]], None]

_START_S: Final = 90.0
"""Longest start of Blender (s); chosen: importing bpy takes seconds, on a crowded machine many
times that."""
_MEMORY_CURE: Final = "lower the resolution, the samples or the mesh's triangles, or add memory"


def _ignore(_event: dict[str, Any]) -> None:
    pass


class BlenderService:
    """Runs operations in a Blender child; safe for several threads, one call at a time.

    ``executable`` is a Blender installation (by default the bpy wheel), ``threads`` the number
    of render threads (0: all cores), ``timeout_s`` the longest call by default. The
    child is replaced between calls once it holds more than ``max_rss_mb``, for Blender's memory
    grows from scene to scene.
    """

    def __init__(
        self,
        executable: Path | None = None,
        *,
        threads: int = 0,
        timeout_s: float = 3600.0,
        max_rss_mb: float = 4096.0,
        test_operations: bool = False,
    ) -> None:
        if executable is not None and not executable.is_file():
            raise MissingResourceError(
                f"no Blender at {executable}; correct the path, or leave it out to use bpy"
            )
        self._executable, self._threads = executable, threads
        self._timeout_s = timeout_s
        self._max_rss_mb, self._tests = max_rss_mb, test_operations
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._owner = 0
        self._operations: list[str] = []

    def run(
        self,
        request: "WorkerRequest",
        timeout_s: float | None = None,
        on_event: OnEvent = _ignore,
    ) -> dict[str, Any]:
        """``call`` with a typed request."""
        return self.call(request.OPERATION, request.model_dump(), timeout_s, on_event)

    def call(
        self,
        operation: str,
        request: dict[str, Any],
        timeout_s: float | None = None,
        on_event: OnEvent = _ignore,
    ) -> dict[str, Any]:
        """One operation's answer; ``on_event`` receives what the worker reports on the way.

        Raises TransientError when the worker crashes, is out of memory or takes longer than
        ``timeout_s``, StageError when the operation fails.
        """
        with self._lock:
            worker = self._running()
            if operation not in self._operations:
                raise ValueError(f"no operation {operation!r}; there are {self._operations}")
            try:
                message = self._exchange(
                    worker, operation, request, timeout_s or self._timeout_s, on_event
                )
            except BaseException:
                self._discard()
                raise
            if message.get("rss_mb", 0.0) > self._max_rss_mb:
                self._discard()
        return _checked(operation, message)

    def close(self) -> None:
        """End the child; the next call starts another."""
        with self._lock:
            self._discard(patience_s=2.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def log(self, lines: int = 12) -> str:
        """The last lines of Blender's log."""
        return self._worker.log(lines) if self._worker else ""

    def _running(self) -> WorkerProcess:
        if self._owner != os.getpid():
            self._worker = None  # a fork: the child belongs to the other process
        if self._worker is not None and not self._worker.alive:
            self._discard()
        if self._worker is None:
            self._worker, self._owner = self._started(), os.getpid()
        return self._worker

    def _started(self) -> WorkerProcess:
        """A worker that has said hello; a start that hangs or crashes is tried once more."""
        for last in (False, True):
            worker = WorkerProcess(self._executable, self._threads, self._tests)
            try:
                hello = worker.receive(time.monotonic() + _START_S)
                self._operations = hello["answer"]["operations"]
                return worker
            except (WorkerDiedError, TimeoutError) as error:
                worker.close()
                if last or _gave_reason(error):
                    raise _no_start(error, worker.log()) from error
            except BaseException:
                worker.close()
                raise
        raise AssertionError("unreachable")

    @staticmethod
    def _exchange(
        worker: WorkerProcess,
        operation: str,
        request: dict[str, Any],
        timeout_s: float,
        on_event: OnEvent,
    ) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        try:
            worker.send({"operation": operation, "request": request})
            while "event" in (message := worker.receive(deadline)):
                on_event(message["event"])
        except TimeoutError as error:
            raise TransientError(
                f"Blender did not finish {operation!r} within {timeout_s:g} s and was stopped; "
                f"its last lines:\n{worker.log()}"
            ) from error
        except WorkerDiedError as error:
            raise TransientError(
                f"Blender died during {operation!r} ({_death(error.returncode)}); "
                f"its last lines:\n{worker.log()}"
            ) from error
        return message

    def _discard(self, patience_s: float = 0.0) -> None:
        if self._worker is not None and self._owner == os.getpid():
            self._worker.close(patience_s)
        self._worker = None


@cache
def shared_service(executable: str | None, threads: int, timeout_s: float) -> BlenderService:
    """The service that all stages of this process share; it ends with the process."""
    service = BlenderService(
        Path(executable) if executable else None, threads=threads, timeout_s=timeout_s
    )
    atexit.register(service.close)
    return service


def _gave_reason(error: WorkerDiedError | TimeoutError) -> bool:
    """An ordinary exit, as after a failed import, would happen again; a signal or a hang may
    not."""
    return isinstance(error, WorkerDiedError) and (error.returncode or 0) > 0


def _no_start(error: WorkerDiedError | TimeoutError, log: str) -> MissingResourceError:
    how = f"no sign of life within {_START_S:g} s"
    if isinstance(error, WorkerDiedError):
        how = _death(error.returncode)
    return MissingResourceError(
        f"Blender does not start ({how}); `hoi doctor` checks bpy and its system libraries "
        f"(libxrender1 libxi6 libxkbcommon0 libsm6 libgl1 libegl1):\n{log}"
    )


def _death(returncode: int | None) -> str:
    if returncode == -9:
        return f"killed, most often for lack of memory: {_MEMORY_CURE}"
    if returncode is not None and returncode < 0:
        return f"signal {-returncode}"
    return f"exit status {returncode}"


def _checked(operation: str, message: dict[str, Any]) -> dict[str, Any]:
    if "error" not in message:
        return message["answer"]
    error = message["error"]
    if error["kind"] == "memory":
        text = f"Blender ran out of memory in {operation!r}: {error['message']}; {_MEMORY_CURE}"
        raise TransientError(text)
    raise StageError(f"Blender failed in {operation!r}: {error['message']}\n{error['trace']}")
