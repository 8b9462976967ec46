"""The Blender child process: warm, replaceable, and honest about how it failed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hoi_platform.core.errors import MissingResourceError, StageError, TransientError
from hoi_platform.services.blender.service import BlenderService


def _pid(blender: BlenderService) -> int:
    return blender.call("count", {"events": 0})["pid"]


def test_stays_warm_and_outside(blender: BlenderService) -> None:
    """Every call would pay for a new Blender, or bpy would live in the caller's process."""
    assert _pid(blender) == _pid(blender) != os.getpid()
    assert "bpy" not in sys.modules
    assert blender.call("version", {})["version"].startswith("4.")


def test_events_come_before_the_answer_in_order(blender: BlenderService) -> None:
    """Progress would be lost or shuffled."""
    seen: list[int] = []
    blender.call("count", {"events": 5}, on_event=lambda event: seen.append(event["i"]))
    assert seen == [0, 1, 2, 3, 4]


def test_crash_tells_the_log_and_heals(blender: BlenderService) -> None:
    """A crashed Blender would take the run with it, or hide why it died."""
    with pytest.raises(TransientError, match=r"died during 'crash' \(signal 11\)(?s:.*)sky is fal"):
        blender.call("crash", {})
    assert blender.call("version", {})


def test_hang_is_stopped_within_the_timeout(blender: BlenderService) -> None:
    """A hanging Blender would hold its worker for good."""
    pid, started = _pid(blender), time.monotonic()
    with pytest.raises(TransientError, match=r"did not finish 'hang' within 0\.5 s"):
        blender.call("hang", {"seconds": 60}, timeout_s=0.5)
    assert time.monotonic() - started < 10
    assert _pid(blender) != pid


@pytest.mark.parametrize("operation", ["cancel", "unfinished"])
def test_operator_that_does_not_finish_is_an_error(blender: BlenderService, operation: str) -> None:
    """A cancelled operator would pass for success; the child itself is still good."""
    pid = _pid(blender)
    with pytest.raises(StageError, match=rf"failed in '{operation}': OperatorError"):
        blender.call(operation, {})
    assert _pid(blender) == pid


def test_out_of_memory_is_told_as_such(blender: BlenderService) -> None:
    """The user would not learn that less resolution is the cure."""
    with pytest.raises(TransientError, match=r"ran out of memory.*lower the resolution"):
        blender.call("exhaust", {})


def test_error_in_a_callback_leaves_no_answer_behind(blender: BlenderService) -> None:
    """The next call would read the answer to this one."""

    def fail(_event: dict) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        blender.call("count", {"events": 3}, on_event=fail)
    assert "version" in blender.call("version", {})


def test_child_is_replaced_once_it_holds_too_much_memory() -> None:
    """Blender's memory would grow from scene to scene until the machine is full."""
    with BlenderService(max_rss_mb=1.0, test_operations=True) as blender:
        assert _pid(blender) != _pid(blender)


def test_tests_operations_are_closed_to_users() -> None:
    """A production worker would offer to crash itself."""
    with BlenderService() as blender, pytest.raises(ValueError, match="no operation 'crash'"):
        blender.call("crash", {})


def test_missing_executable_is_told_at_once(tmp_path: Path) -> None:
    """A wrong path would show up as a crash in the middle of a run."""
    with pytest.raises(MissingResourceError, match=r"no Blender at .*blender"):
        BlenderService(tmp_path / "blender")


def test_executable_that_is_not_blender(tmp_path: Path) -> None:
    """Its words and the cure would be hidden behind a broken pipe."""
    fake = tmp_path / "blender"
    fake.write_text("#!/bin/sh\necho libXi.so.6 is missing\nexit 3\n")
    fake.chmod(0o755)
    blender = BlenderService(fake)
    with pytest.raises(
        MissingResourceError, match=r"exit status 3(?s:.*)libxi6(?s:.*)libXi\.so\.6 is missing"
    ):
        blender.call("version", {})


def test_start_that_crashes_once_is_tried_again(tmp_path: Path) -> None:
    """A signal during the start would fail a whole night's run; twice is a broken Blender."""
    mark, fake = tmp_path / "starts", tmp_path / "blender"
    fake.write_text(f"#!/bin/sh\necho start >> {mark}\nkill -SEGV $$\n")
    fake.chmod(0o755)
    with pytest.raises(MissingResourceError, match="signal 11"):
        BlenderService(fake).call("version", {})
    assert mark.read_text() == "start\nstart\n"


def test_child_dies_with_its_parent_and_leaves_nothing(tmp_path: Path) -> None:
    """Orphaned Blenders would eat the machine after every killed run, their folders the disk."""
    script = (
        "import os, threading, time\n"
        "from hoi_platform.services.blender.service import BlenderService\n"
        "blender = BlenderService(test_operations=True)\n"
        "print(blender.call('count', {'events': 0})['pid'], flush=True)\n"
        "threading.Thread(target=blender.call, args=('hang', {'seconds': 60})).start()\n"
        "time.sleep(0.3)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    stat = Path(f"/proc/{int(parent.stdout)}/stat")
    deadline = time.monotonic() + 10
    while _runs(stat) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _runs(stat)
    assert list(tmp_path.iterdir()) == []


def _runs(stat: Path) -> bool:
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
