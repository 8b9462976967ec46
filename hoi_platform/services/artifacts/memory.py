"""The peak memory of a stage: this process and its children (Linux; elsewhere unknown)."""

from pathlib import Path
from typing import Final

_SELF: Final = Path("/proc/self")


class PeakMemory:
    """Resets the kernel's high-water marks when made and reads them when asked."""

    def __init__(self) -> None:
        for process in self._processes():
            _reset(process)

    def megabytes(self) -> float | None:
        """Peak resident memory since then, in MB (10^6 bytes), summed over the processes."""
        peaks = [_peak_kb(process) for process in self._processes()]
        known = [peak for peak in peaks if peak is not None]
        return round(sum(known) * 1024 / 1e6, 1) if known else None

    def _processes(self) -> list[Path]:
        found, queue = [], [_SELF]
        while queue:
            process = queue.pop()
            found.append(process)
            for children in process.glob("task/*/children"):
                try:
                    queue += [Path("/proc") / pid for pid in children.read_text().split()]
                except OSError:  # the process ended while we looked
                    continue
        return found


def _reset(process: Path) -> None:
    try:
        (process / "clear_refs").write_text("5")
    except OSError:  # not Linux, another user's process, or it ended: then the mark stays
        return


def _peak_kb(process: Path) -> int | None:
    try:
        status = (process / "status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return None
