"""``hoi doctor``: what this machine has, what is missing, and the cure."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import typer

from hoi_platform.commands import checkup, checkup_use
from hoi_platform.commands.checkup import Finding
from hoi_platform.commands.listing import print_json
from hoi_platform.commands.options import DEFAULT_RESULTS, AsJson, ResultsDir


def doctor(results_dir: ResultsDir = DEFAULT_RESULTS, as_json: AsJson = False) -> None:
    """Check the environment: packages are imported, keys looked at, ports and disks tried.

    Nothing is bought and no service is asked. Exit status 1 if the platform cannot run as it is.
    """
    findings = [finding for check in _CHECKS for finding in check(results_dir)]
    backends = list(_backend_rows()) if not _is_wrong(findings, "HOI_") else []
    if as_json:
        print_json([*map(_fields, findings), *backends])
    else:
        _print(findings, backends)
    if any(finding.fails for finding in findings):
        raise typer.Exit(1)


_CHECKS: Final[tuple[Callable[[Path], Iterator[Finding]], ...]] = (
    lambda _results: checkup.python_version(),
    lambda _results: checkup.packages(),
    lambda _results: checkup.extras(),
    lambda _results: checkup.gpu(),
    lambda _results: checkup_use.variables(),
    lambda _results: checkup_use.keys(),
    lambda _results: checkup_use.ports(),
    checkup_use.disks,
    lambda _results: checkup_use.runs(),
)
_STYLES: Final = {
    **{"ok": "green", "found": "green", "missing": "red", "wrong": "red"},
    **{"absent": "dim", "busy": "yellow", "stuck": "yellow"},
}


def _is_wrong(findings: list[Finding], beginning: str) -> bool:
    return any(f.fails for f in findings if f.what.startswith(beginning))


def _fields(finding: Finding) -> dict[str, Any]:
    return {"kind": "environment", **finding._asdict(), "license": None, "commercial_ok": None}


def _print(findings: list[Finding], backends: list[dict[str, Any]]) -> None:
    from hoi_platform.commands.terminal import print_listing

    heads = ("what", "state", "found", "cure")
    print_listing("Environment", heads, [tuple(finding) for finding in findings], _STYLES)
    names = ("what", "state", "found", "license", "commercial_ok", "cure")
    words = {True: "yes", False: "no"}
    rows = [[words.get(row[name], row[name]) for name in names] for row in backends]
    heads = ("backend", "state", "where", "license", "commercial use", "cure")
    print_listing("Backends", heads, rows, _STYLES)


def _backend_rows() -> Iterator[dict[str, Any]]:
    """One row per backend; those that the configuration of a task chooses are marked."""
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
        lacking = "missing" if found else "absent"
        yield {
            "kind": "backend",
            "what": f"{backend.role}: {backend.name}{' (chosen)' if found else ''}",
            "state": "found" if need.found else lacking,
            "found": need.where,
            "cure": need.cure,
            "license": terms.name,
            "commercial_ok": terms.commercial_ok,
        }
