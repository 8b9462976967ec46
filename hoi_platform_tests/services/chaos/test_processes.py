"""Worker processes as the bench watches them."""

import time
from typing import Any

from hoi_platform.services.chaos.clock import SharedClock
from hoi_platform.services.chaos.processes import fork, watch


def _stuck(_report: Any) -> None:
    time.sleep(60)


def test_a_process_that_hangs_says_where_before_it_is_killed() -> None:
    """A rare hang in ten thousand processes could never be explained."""
    clock = SharedClock()
    process = fork(_stuck, clock, 0, None)
    watch([process], clock, hung_s=0.3)
    words = process.words
    process.errors.close()
    assert process.state == "hung"
    assert "in _stuck" in words
