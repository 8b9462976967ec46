"""What ``hoi doctor`` looks at on this machine: Python, packages, extras, GPU."""

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, NamedTuple

State = Literal["ok", "absent", "busy", "stuck", "missing", "wrong"]

_PACKAGES: Final = ("dagster", "torch", "bpy", "anny", "mediapipe", "vtk", "scenepic", "av")
_IMPORT: Final = "import importlib, os, sys; importlib.import_module(sys.argv[1]); os._exit(0)"
"""Run in a process of its own: a broken library may crash, or not end."""
_PATIENCE_S: Final = 300.0
"""Longest import (s); chosen: a slow disk reads the largest library in a tenth of it."""


class Finding(NamedTuple):
    """One line of the report.

    ``missing`` is needed, ``wrong`` is there and of no use; ``absent`` is optional, ``busy`` is
    used by somebody else, ``stuck`` is work that nobody does.
    """

    what: str
    state: State
    found: str
    cure: str = ""

    @property
    def fails(self) -> bool:
        """Whether the platform cannot run as it is."""
        return self.state in {"missing", "wrong"}


def python_version() -> Iterator[Finding]:
    """The one that Blender's package is built for."""
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info[:2] == (3, 11)
    yield Finding("Python", "ok" if ok else "missing", version, "" if ok else "use Python 3.11")


def packages() -> Iterator[Finding]:
    """Each is imported."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from pool.map(imported, _PACKAGES)


def imported(name: str) -> Finding:
    """Whether a package is installed, and can be imported."""
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "missing", "not installed", "make setup")
    command = [sys.executable, "-c", _IMPORT, name]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding(name, "wrong", f"{version} is not imported in {_PATIENCE_S:.0f} s", _RENEW)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        return Finding(name, "wrong", f"{version} cannot be imported: {last}", _RENEW)
    return Finding(name, "ok", version)


_RENEW: Final = "install it again with make setup"


def extras() -> Iterator[Finding]:
    """Optional dependencies."""
    from hoi_platform.services.backends.extras import EXTRAS, cure, missing, versions

    for extra in EXTRAS:
        if absent := missing(extra):
            found = f"without {', '.join(absent)}"
            yield Finding(f"extra {extra}", "absent", found, f"optional: {cure(extra)}")
        else:
            yield Finding(f"extra {extra}", "ok", versions(extra))


def gpu() -> Iterator[Finding]:
    """A CUDA device, by torch, which may itself be what is broken."""
    try:
        import torch
    except ImportError:
        yield Finding("CUDA", "absent", "torch cannot be imported", "make setup")
        return
    if torch.cuda.is_available():
        yield Finding("CUDA", "ok", torch.cuda.get_device_name(0))
    else:
        yield Finding("CUDA", "absent", "", "optional: the CPU is used")
