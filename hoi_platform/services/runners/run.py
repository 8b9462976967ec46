"""One request run by an external program, and what its failures mean to the platform."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NoReturn

from pydantic import ValidationError

from hoi_platform.core.arrays import Progress
from hoi_platform.core.config.backends import RunnerConfig
from hoi_platform.core.errors import MissingResourceError, StageError
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.runners.contract import RunnerFailure, RunnerReport, RunnerRequest
from hoi_platform.services.runners.process import RunnerProcess, RunnerStopped, runner_environment

_LESS_MEMORY: Final = (
    "lower the video's size or length (rendering.width, video.duration), choose a smaller model, "
    "or raise runner.memory_limit_mb"
)


@dataclass
class Runner:
    """A configured program. With ``serve`` one process answers many requests; ``close`` ends it.

    Not thread-safe.
    """

    name: str
    config: RunnerConfig
    environ: Mapping[str, str]
    _warm: RunnerProcess | None = field(default=None, init=False, repr=False)
    _home: "TemporaryDirectory[str] | None" = field(default=None, init=False, repr=False)

    def run(self, request: RunnerRequest, folder: Path, progress: Progress) -> RunnerReport:
        """Run one request in ``folder``, an empty one on the results' disk.

        Raises MissingResourceError (weights, packages, the program itself) and StageError (this
        clip cannot be done, memory, a crash, a hang), each with the program's last words.
        """
        out = Path(request.out)
        out.mkdir(parents=True, exist_ok=True)
        path = folder / "REQUEST.json"
        write_whole(path, request.model_dump_json(indent=1) + "\n")
        try:
            with self._process(path, folder) as process:
                process.follow(progress, until_done=self.config.serve)
        except RunnerStopped as stopped:
            self.close()
            self._fail(stopped, out)
        return self._report(out)

    def close(self) -> None:
        """End the process that is kept warm, if there is one."""
        if self._warm is not None:
            self._warm.close()
            self._warm = None
        if self._home is not None:
            self._home.cleanup()
            self._home = None

    @contextlib.contextmanager
    def _process(self, request: Path, folder: Path) -> Iterator[RunnerProcess]:
        if self.config.serve:
            if self._warm is None or not self._warm.alive:
                self.close()
                # It outlives the folders of its requests.
                self._home = TemporaryDirectory(prefix="hoi-runner-")
                self._warm = self._start(["--serve"], Path(self._home.name))
            self._warm.send({"request": str(request)})
            try:
                yield self._warm
            except BaseException:
                self.close()  # nobody knows what it is doing now
                raise
            return
        process = self._start(["--request", str(request)], folder)
        try:
            yield process
        finally:
            process.close()

    def _start(self, arguments: list[str], folder: Path) -> RunnerProcess:
        environment = runner_environment(self.config, self.environ)
        try:
            return RunnerProcess(self.config, arguments, folder, environment)
        except OSError as error:
            raise MissingResourceError(
                f"{self.name}: cannot start {self.config.command[0]!r}: {error.strerror}; correct "
                "runner.command, or install the program in its own environment (docs/runners.md)"
            ) from error

    def _report(self, out: Path) -> RunnerReport:
        path = out / "result.json"
        if not path.is_file() or not (out / "result.npz").is_file():
            self._fail(RunnerStopped("it ended without a result.json and result.npz", ""), out)
        try:
            return RunnerReport.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise StageError(
                f"{self.name} wrote a result.json that breaks the contract: "
                f"{error.error_count()} mistakes, the first: {error.errors()[0]['msg']}"
            ) from error

    def _fail(self, stopped: RunnerStopped, out: Path) -> NoReturn:
        failure = _declared_failure(out)
        if failure is None:
            words = f"; its last words:\n{stopped.last_words}" if stopped.last_words else ""
            if stopped.out_of_memory:
                raise StageError(
                    f"{self.name} ran out of memory: {stopped.reason}; {_LESS_MEMORY}{words}"
                ) from stopped
            raise StageError(f"{self.name} failed: {stopped.reason}{words}") from stopped
        cure = f"; {failure.cure}" if failure.cure else ""
        if failure.kind in ("missing_weights", "missing_package"):
            raise MissingResourceError(f"{self.name}: {failure.message}{cure}") from stopped
        if failure.kind == "out_of_memory":
            cure = cure or f"; {_LESS_MEMORY}"
        raise StageError(f"{self.name}: {failure.message}{cure}") from stopped


def _declared_failure(out: Path) -> RunnerFailure | None:
    try:
        return RunnerFailure.model_validate_json((out / "error.json").read_bytes())
    except (OSError, ValidationError):
        return None
