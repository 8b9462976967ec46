"""What a command costs: processor and wall time, memory of a tree of processes."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import StageError


@dataclass(frozen=True)
class Cost:
    """Of one process with its children."""

    cpu_s: float
    wall_s: float
    output: str


def cost_of(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """Raises StageError when the command fails."""
    started, before = time.perf_counter(), os.times()
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    after = os.times()
    if done.returncode:
        raise StageError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return Cost(round(cpu, 2), round(time.perf_counter() - started, 2), done.stdout)


def tree_memory_mb(pid: int) -> float:
    """Proportional set size of a process and all below it (10^6 bytes): shared pages count once."""
    found, queue = 0.0, [pid]
    while queue:
        process = Path(f"/proc/{queue.pop()}")
        for children in process.glob("task/*/children"):
            queue += [int(child) for child in children.read_text().split()]
        rollup = (process / "smaps_rollup").read_text()
        found += next(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
    return found * 1024 / 1e6


LOOP: Final = 10_000_000
"""Additions of the loop that tells how fast the processor is at the time; chosen: half a second."""


def loop_s() -> float:
    """Processor time of a fixed loop (s): processes that share a core make it longer, too."""
    started, total = time.process_time(), 0
    for number in range(LOOP):
        total += number
    return round(time.process_time() - started, 2)
