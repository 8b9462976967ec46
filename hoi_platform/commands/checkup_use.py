"""What ``hoi doctor`` looks at of this platform's use: variables, keys, ports, disks, runs."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hoi_platform.commands.checkup import Finding

_LEAST_FREE_GB: Final = 2.0
"""Free space (GB = 10^9 bytes) below which nothing is begun; chosen: dozens of clips."""
_SHORTEST_KEY: Final = 8
"""Characters; chosen: no service's keys are shorter."""
_PORTS: Final = {3000: "hoi ui --port N", 3070: "hoi ui --files_port N, hoi serve --port N"}
"""Ports that ``hoi ui`` uses → how to choose others."""
_DAEMON: Final = "QUEUED_RUN_COORDINATOR"
"""Dagster's name of the daemon that starts queued runs."""


def variables() -> Iterator[Finding]:
    """What the ``HOI_*`` variables hold."""
    from hoi_platform.resources.environment import environment_mistakes

    mistakes = environment_mistakes()
    for mistake in mistakes:
        name, _, text = mistake.partition(": ")
        found, _, cure = text.rpartition("; ")
        yield Finding(name, "wrong", found or text, cure)
    if not mistakes:
        held = ", ".join(sorted(name for name in os.environ if name.startswith("HOI_")))
        yield Finding("HOI_* variables", "ok", held or "none is set")


def keys(environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Keys by their form alone: no service is asked."""
    groups = {
        "OpenAI key": ("OPENAI_API_KEY",),
        "Kling key": ("KLING_API_KEY",),
        "Kling key pair": ("KLING_ACCESS_KEY", "KLING_SECRET_KEY"),
        "Kling webhook secret": ("KLING_WEBHOOK_SECRET",),
        "fal key": ("FAL_KEY",),
    }
    for what, names in groups.items():
        given = {name: environ[name] for name in names if environ.get(name)}
        mistakes = [f"{n}: {m}" for n, value in given.items() if (m := _key_mistake(n, value))]
        if not given:
            yield Finding(what, "absent", "", f"optional: export {' and '.join(names)}")
        elif len(given) < len(names):
            lacking = ", ".join(name for name in names if name not in given)
            yield Finding(what, "wrong", f"without {lacking}", f"export {lacking} too")
        elif mistakes:
            yield Finding(what, "wrong", "; ".join(mistakes), "copy it again from the console")
        else:
            yield Finding(what, "ok", "set; its form is right, no service was asked")


def _key_mistake(name: str, value: str) -> str:
    """What is wrong with a key's form, without a part of the key."""
    if value != value.strip() or any(c.isspace() or not c.isprintable() for c in value):
        return "it holds spaces or line breaks"
    if value[0] in "\"'" or value[-1] in "\"'":
        return "it is in quotes"
    if len(value) < _SHORTEST_KEY:
        return f"it has {len(value)} characters"
    expected = _FORMS.get(name)
    return (
        f"it does not look like {expected}" if expected and not _looks_like(value, expected) else ""
    )


_FORMS: Final = {"OPENAI_API_KEY": "sk-…", "FAL_KEY": "…:…", "KLING_WEBHOOK_SECRET": "whsec_…"}
"""How the services write their keys."""


def _looks_like(value: str, form: str) -> bool:
    start, _, end = form.partition("…")
    return value.startswith(start) and end.removesuffix("…") in value


def ports() -> Iterator[Finding]:
    """Whether the usual ports are free."""
    from hoi_platform.commands.ports import port_trouble

    for port, other in _PORTS.items():
        trouble = port_trouble(port)
        cure = f"if that is not `hoi ui`: {other}" if trouble else ""
        yield Finding(f"port {port}", "busy" if trouble else "ok", trouble or "free", cure)


def disks(results_dir: Path) -> Iterator[Finding]:
    """Space, and whether files can be written, below the results and Dagster's home."""
    yield _disk("results", results_dir, "--results_dir")
    yield _disk("Dagster's home", dagster_home(), "DAGSTER_HOME")


def _disk(what: str, folder: Path, option: str) -> Finding:
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"0" * 4096)
    except OSError as error:
        cure = f"give this user write access to it, or name another folder with {option}"
        return Finding(what, "wrong", f"{there} cannot be written: {error.strerror}", cure)
    free_gb = shutil.disk_usage(there).free / 1e9
    found = f"{folder}: writable, {free_gb:.0f} GB free"
    if free_gb < _LEAST_FREE_GB:
        return Finding(what, "wrong", found, f"free {_LEAST_FREE_GB:.0f} GB there")
    return Finding(what, "ok", found)


def dagster_home() -> Path:
    """Where the instance is, or will be."""
    from hoi_platform.resources.platform import PROJECT_ROOT

    return Path(os.environ.get("DAGSTER_HOME") or PROJECT_ROOT / ".dagster_home")


def runs() -> Iterator[Finding]:
    """Runs that nobody works on; an instance that is not there is not made."""
    import dagster as dg

    from hoi_platform.instance import project_instance
    from hoi_platform.liveness.dead_runs import death_of

    if not (dagster_home() / ".storage_ready").exists():
        yield Finding("Dagster runs", "ok", "none yet")
        return
    status = dg.DagsterRunStatus
    with project_instance() as instance:
        started = instance.get_runs(dg.RunsFilter(statuses=[status.STARTED, status.CANCELING]))
        dead = [run.run_id[:8] for run in started if death_of(instance, run)]
        waiting = instance.get_runs_count(dg.RunsFilter(statuses=[status.QUEUED]))
        beats = _DAEMON in instance.get_daemon_heartbeats() and instance.are_daemons_healthy(
            [_DAEMON]
        )
    if dead:
        text = f"{len(dead)} started, whose process died: {', '.join(dead)}"
        yield Finding("Dagster runs", "stuck", text, "`hoi ui` fails them, and repeats what it may")
    elif waiting and not beats:
        yield Finding("Dagster runs", "stuck", f"{waiting} queued, and no daemon", "start `hoi ui`")
    else:
        yield Finding("Dagster runs", "ok", f"{len(started)} started, {waiting} queued, none stuck")
