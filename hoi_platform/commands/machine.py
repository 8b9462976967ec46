"""The machine that figures were measured on."""

import os
import platform
import resource
import subprocess
from pathlib import Path


def machine_name() -> str:
    """Processor, cores and, where there is one, the CUDA device."""
    parts = [_processor(), f"{len(os.sched_getaffinity(0))} cores"]
    if gpu := _cuda_device():
        parts.append(gpu)
    return ", ".join(parts)


def peak_memory_mb() -> float:
    """The largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def commit_name() -> str:
    """The checkout's commit, ``+`` when its code differs from it; ``unknown`` without git."""
    folder = Path(__file__).parent
    try:
        commit = _git(folder, "rev-parse", "--short=10", "HEAD").strip()
        changed = _git(
            folder, "status", "--porcelain", "--untracked-files=no", "--", ":/hoi_platform"
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}+" if changed.strip() else commit


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _cuda_device() -> str | None:
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
