"""``hoi ui``'s servers: a dead one is started again, one that cannot live ends the command."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

RUN = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored
from hoi_platform.commands.together import Together
code = "import sys, time; open(sys.argv[1], 'a').write('x'); time.sleep(float(sys.argv[2]))"
servers = zip(sys.argv[2::2], sys.argv[3::2])
commands = [["python", "-c", code, path, life] for path, life in servers]
sys.exit(Together(commands, lambda text: print(text, flush=True), float(sys.argv[1])).run())
"""


@contextmanager
def _together(*arguments: str) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=30)
        assert process.stdout is not None
        process.stdout.close()


def _starts(path: Path, number: int) -> None:
    end = time.monotonic() + 30
    while not path.exists() or len(path.read_text()) < number:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_killed_server_is_reported_and_started_again(tmp_path: Path) -> None:
    """The page would stay without its daemon, and nothing would say so."""
    one, other = tmp_path / "one", tmp_path / "other"
    with _together("0", str(one), "600", str(other), "600") as command:
        _starts(one, 1)
        _starts(other, 1)
        children = psutil.Process(command.pid).children()
        [victim] = [child for child in children if str(one) in child.cmdline()]
        victim.kill()
        _starts(one, 2)
        assert command.poll() is None
        assert other.read_text() == "x"
        assert command.stdout is not None
        assert "python ended after" in command.stdout.readline()


def test_a_server_that_dies_at_once_ends_the_command_with_a_status(tmp_path: Path) -> None:
    """A port in use would be a command that seems to have succeeded, or tries for ever."""
    one, other = tmp_path / "one", tmp_path / "other"
    with _together("30", str(one), "0.1", str(other), "600") as command:
        output, _ = command.communicate(timeout=60)
        assert command.returncode == 1
    assert "with status 0; its output above says why" in output
    assert one.read_text() == "x"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all(tmp_path: Path, number: signal.Signals) -> None:
    """A closed terminal or a Ctrl-C would leave servers behind that hold their ports."""
    one, other = tmp_path / "one", tmp_path / "other"
    with _together("30", str(one), "600", str(other), "600") as command:
        _starts(one, 1)
        _starts(other, 1)
        children = psutil.Process(command.pid).children()
        command.send_signal(number)
        assert command.wait(timeout=30) == 0
    assert [child for child in children if child.is_running()] == []
