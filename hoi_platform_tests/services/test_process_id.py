"""Which processes certainly have ended."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from hoi_platform.services.process_id import ProcessId


def test_a_living_process_is_not_dead_and_an_ended_one_is() -> None:
    """A request at work would be looked up under its sender, or a dead one's never."""
    code = (
        "import json; from hoi_platform.services.process_id import ProcessId; "
        "print(json.dumps(ProcessId.own().as_json()), flush=True); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    said = ProcessId.parse(json.loads(child.stdout.readline()))
    assert said.pid == child.pid
    assert not said.is_dead()
    child.kill()
    child.communicate()
    assert said.is_dead()


def test_a_number_given_to_another_process_is_no_sign_of_life() -> None:
    """A dead sender would seem alive as soon as any process has its number."""
    own = ProcessId.own()
    assert not own.is_dead()
    assert replace(own, started_ms=own.started_ms - 60_000).is_dead()


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"scope": "another boot/1"}])
def test_what_cannot_be_seen_is_not_called_dead(change: dict[str, str]) -> None:
    """A sender in a container of the same name would be taken for dead, and its request sent
    twice."""
    own = ProcessId.own()
    gone = replace(own, started_ms=own.started_ms - 60_000, **change)
    assert not gone.is_dead()
