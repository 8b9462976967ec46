"""One runner process: its group, its progress, its last words, and the rules that end it."""

import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import psutil

from hoi_platform.core.arrays import Progress
from hoi_platform.core.config.backends import RunnerConfig
from hoi_platform.services.runners.last_words import LastWords

_PASSED: Final = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"),
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HF_HOME", "TORCH_HOME"),
)
"""What every runner gets of the platform's environment; keys of paid services are not included."""
_LINE_BYTES: Final = 1 << 16
"""Longest line of standard output; the rest of a longer one is a line of its own. Chosen."""
_LINES: Final = 1000
"""Lines that wait to be read; a program that floods its output waits too. Chosen."""
_LAST_WORDS_BYTES: Final = 2048
"""End of standard error that an error quotes (bytes); chosen."""
_POLL_S: Final = 0.5
"""How often memory and life are checked while no line arrives (s); chosen."""
_GRACE_S: Final = 5.0
"""Between the request to end and the end by force (s); chosen."""
_OUT_OF_MEMORY: Final = re.compile(
    r"CUDA out of memory|OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED|MemoryError|std::bad_alloc"
)


class RunnerStopped(Exception):  # noqa: N818 - the reason is the name
    """The process ended without finishing its request, or was ended."""

    def __init__(self, reason: str, last_words: str, *, out_of_memory: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.last_words = last_words
        self.out_of_memory = out_of_memory or bool(_OUT_OF_MEMORY.search(last_words))


def runner_environment(config: RunnerConfig, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a runner: a short list, what the configuration passes, what it sets."""
    names = [*_PASSED, *config.pass_env]
    return {name: environ[name] for name in names if name in environ} | config.env


class RunnerProcess:
    """A running runner in a session of its own. Not thread-safe."""

    def __init__(
        self, config: RunnerConfig, arguments: Sequence[str], folder: Path, env: Mapping[str, str]
    ) -> None:
        """Raises FileNotFoundError or PermissionError when the command cannot be started."""
        self._config = config
        self._process = subprocess.Popen(
            [*config.command, *arguments],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._lines: queue.Queue[bytes] = queue.Queue(_LINES)
        self._closed = False
        self._words = LastWords(_LAST_WORDS_BYTES)
        self._readers = [
            _reading(self._process.stdout, self._take_line),
            _reading(self._process.stderr, self._words.add),
        ]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: Mapping[str, Any]) -> None:
        """One line of JSON to its input. Raises RunnerStopped when nobody reads it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise self._stopped("it ended before it read the request") from error

    def follow(self, progress: Progress, *, until_done: bool) -> None:
        """Pass its progress on until it ends, or with ``until_done`` until it says so.

        Raises RunnerStopped when it hangs, uses too much memory, dies or fails.
        """
        heard = time.monotonic()
        while True:
            line = self._next_line()
            if line is None:
                if self._ended(until_done):
                    return
                self._check_limits(heard)
                continue
            message = _message(line)
            if until_done and message.get("done") is True:
                return
            if isinstance(fraction := message.get("progress"), int | float):
                heard = time.monotonic()
                progress(min(max(float(fraction), 0.0), 1.0), str(message.get("text", ""))[:200])
            else:
                self._words.add(line)

    def close(self) -> None:
        """End the whole group, by force after a short grace."""
        with suppress(ProcessLookupError):
            self._end_group()
        self._process.wait()
        self._closed = True
        with suppress(queue.Empty):
            while True:
                self._lines.get_nowait()
        for reader in self._readers:
            reader.join(timeout=1.0)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError, ValueError):
                assert pipe is not None
                pipe.close()

    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        return self._words.text()

    def _next_line(self) -> bytes | None:
        try:
            return self._lines.get(timeout=_POLL_S)
        except queue.Empty:
            return None

    def _ended(self, until_done: bool) -> bool:
        """Whether it ended as it should have. Raises RunnerStopped when it did not."""
        code = self._process.poll()
        if code is None:
            return False
        if code == 0 and not until_done:
            return True
        if code in (-9, 137):
            raise self._stopped("it was killed (signal 9), usually for memory", out_of_memory=True)
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        raise self._stopped(f"it ended {how}")

    def _check_limits(self, heard: float) -> None:
        quiet = time.monotonic() - heard
        if quiet > self._config.idle_timeout_s:
            raise self._stopped(
                f"it reported no progress for {quiet:.0f} s (idle_timeout_s "
                f"{self._config.idle_timeout_s:g})"
            )
        limit = self._config.memory_limit_mb
        if limit is not None and (used := self._memory_mb()) > limit:
            raise self._stopped(
                f"it used {used:.0f} MB (memory_limit_mb {limit:g})", out_of_memory=True
            )

    def _memory_mb(self) -> float:
        total = 0.0
        for member in self._group():
            with suppress(psutil.Error):
                total += member.memory_info().rss / 1e6
        return total

    def _group(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            leader = psutil.Process(self._process.pid)
            return [leader, *leader.children(recursive=True)]
        return []

    def _end_group(self) -> None:
        members = self._group()
        os.killpg(self._process.pid, signal.SIGTERM)
        _, left = psutil.wait_procs(members, timeout=_GRACE_S)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for member in left:
            with suppress(psutil.Error):
                member.kill()

    def _stopped(self, reason: str, *, out_of_memory: bool = False) -> RunnerStopped:
        self._readers[1].join(timeout=_POLL_S)  # its last words
        return RunnerStopped(reason, self.last_words(), out_of_memory=out_of_memory)

    def _take_line(self, line: bytes) -> None:
        if not self._closed:
            self._lines.put(line)


def _reading(pipe: IO[bytes] | None, take: Callable[[bytes], None]) -> threading.Thread:
    assert pipe is not None

    def read() -> None:
        with suppress(ValueError, OSError):
            while line := pipe.readline(_LINE_BYTES):
                take(line)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _message(line: bytes) -> dict[str, Any]:
    """A line of the contract; empty for anything else."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
