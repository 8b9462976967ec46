"""``hoi doctor``: what this machine has, what is missing, and the cure."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import typer

State = Literal["ok", "absent", "missing"]


class Finding(NamedTuple):
    """One line of the report; ``missing`` is needed, ``absent`` is optional."""

    what: str
    state: State
    found: str
    cure: str = ""


def doctor() -> None:
    """Check the environment: packages, Blender, models, keys, GPU, disk. Exit 1 if it can't run."""
    from rich.markup import escape

    from hoi_platform.commands.terminal import console, table

    colors = {"ok": "green", "absent": "dim", "missing": "red"}
    findings = [finding for check in _CHECKS for finding in check()]
    rows = [(f.what, f"[{colors[f.state]}]{f.state}[/]", f.found, escape(f.cure)) for f in findings]
    console.print(table("Environment", ("what", "state", "found", "cure"), rows))
    heads = ("role", "backend", "state", "where", "license", "commercial use", "cure")
    console.print(table("Backends", heads, _backend_rows()))
    if any(f.state == "missing" for f in findings):
        raise typer.Exit(1)


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info[:2] == (3, 11)
    yield Finding("Python", "ok" if ok else "missing", version, "" if ok else "use Python 3.11")


def _packages() -> Iterator[Finding]:
    for name in ("dagster", "torch", "bpy", "anny", "mediapipe", "vtk", "scenepic", "av"):
        try:
            yield Finding(name, "ok", importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, "missing", "", "make setup")


def _extras() -> Iterator[Finding]:
    from hoi_platform.services.backends.extras import EXTRAS, cure, missing, versions

    for extra in EXTRAS:
        if absent := missing(extra):
            found = f"without {', '.join(absent)}"
            yield Finding(f"extra {extra}", "absent", found, f"optional: {cure(extra)}")
        else:
            yield Finding(f"extra {extra}", "ok", versions(extra))


def _gpu() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        yield Finding("CUDA", "ok", torch.cuda.get_device_name(0))
    else:
        yield Finding("CUDA", "absent", "", "optional: the CPU is used")


def _keys() -> Iterator[Finding]:
    groups = {
        "OpenAI key": ("OPENAI_API_KEY",),
        "Kling key": ("KLING_API_KEY",),
        "Kling key pair": ("KLING_ACCESS_KEY", "KLING_SECRET_KEY"),
        "fal key": ("FAL_KEY",),
    }
    for what, names in groups.items():
        if all(os.environ.get(name) for name in names):
            yield Finding(what, "ok", "set")
        else:
            yield Finding(what, "absent", "", f"optional: export {' and '.join(names)}")


def _backend_rows() -> Iterator[tuple[str, ...]]:
    """One row per backend; those that the configuration of a task chooses are marked."""
    from rich.markup import escape

    from hoi_platform.core.config.backends import ModelConfig
    from hoi_platform.core.task import TASKS
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.backends.chosen import ROLE_KEYS, Choice, chosen, is_asked
    from hoi_platform.services.backends.registry import backends

    platform = PlatformResource().platform()
    everything = [platform.settings(task) for task in TASKS.rows()]
    asked = [chosen(role, s) for s in everything for role in ROLE_KEYS if is_asked(role, s)]
    for backend in backends():
        found = [c for c in asked if (c.role, c.backend.name) == (backend.role, backend.name)]
        choice = found[0] if found else Choice(backend.role, backend, ModelConfig())
        need, terms = backend.need(choice.model, os.environ), choice.license
        state = "[green]found[/]" if need.found else f"[{'red' if found else 'dim'}]absent[/]"
        yield (
            backend.role,
            f"{backend.name} (chosen)" if found else backend.name,
            state,
            need.where,
            terms.name,
            "yes" if terms.commercial_ok else "no",
            escape(need.cure),
        )


def _disk() -> Iterator[Finding]:
    free_gb = shutil.disk_usage(".").free / 1e9
    ok = free_gb > 2
    yield Finding("disk", "ok" if ok else "missing", f"{free_gb:.0f} GB free", "" if ok else "2 GB")


_CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _python,
    _packages,
    _extras,
    _gpu,
    _keys,
    _disk,
)
