"""``hoi bench platform``: what listings, sensors, steps and servers cost with many clips."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoi_platform.core.errors import BadInputError

if TYPE_CHECKING:
    from hoi_platform.services.scale.measure import Cost

_WORK = "hoi_platform.commands.bench.platform_work"


def platform(
    parts: Annotated[str, typer.Option(help="Parts to measure, with commas; default: all.")] = "",
    objects: Annotated[int, typer.Option(min=10, help="Objects of the catalogue.")] = 2_000,
    clips: Annotated[int, typer.Option(min=10, help="Clips that are listed and indexed.")] = 20_000,
    cells: Annotated[int, typer.Option(min=10, help="Cells that a sensor looks at.")] = 10_000,
    backfills: Annotated[
        str, typer.Option(help="Cells of each backfill of stub work, with commas.")
    ] = "125,250,500",
    databases: Annotated[str, typer.Option(help="Of the backfills.")] = "sqlite,postgresql",
    folder: Annotated[
        Path, typer.Option(help="Folder of the made-up results, which later runs use again.")
    ] = Path("results_bench/platform"),
    output: Annotated[
        Path, typer.Option(help="JSON file; parts that are not measured stay in it.")
    ] = Path("results_bench/bench_platform.json"),
) -> None:
    """Measure on made-up results: listings, index, a sensor's look, a step's look-ups, servers.

    Nothing is rendered, reconstructed or bought. Results of 20,000 clips are half a million files.
    """
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.services.scale.figures import HEADS, FigureFile, table_rows

    file, chosen = FigureFile(output), _chosen(parts)
    sizes = {"objects": objects, "clips": clips, "cells": cells}
    more = {"backfills": backfills, "databases": databases}
    for part in chosen:
        console.print(f"[dim]{part} …[/dim]")
        file.add(part, _about(_PARTS[part](folder.absolute(), **sizes, **more)))
    console.print(table("Platform", HEADS, table_rows(file.read())))
    console.print(f"written to {output}")


def _chosen(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()] or list(_PARTS)
    if unknown := [name for name in names if name not in _PARTS]:
        known = ", ".join(_PARTS)
        raise BadInputError(f"--parts names {', '.join(unknown)!r}; known: {known}")
    return names


def _about(found: dict[str, Any]) -> dict[str, Any]:
    """With where and when it was measured: other work on the machine makes every figure worse."""
    from hoi_platform.commands.machine import commit_name, machine_name
    from hoi_platform.services.scale.measure import loop_s

    load = f"{os.getloadavg()[0]:.1f}"
    about = {"machine": machine_name(), "commit": commit_name(), "load": load}
    return about | {"loop_s": loop_s()} | found


def _made_up(folder: Path, objects: int, clips: int) -> Path:
    results = folder / f"results_{objects}_{clips}"
    _work("make_up", results, str(objects), str(clips))
    return results


def _work(what: str, *arguments: object) -> "Cost":
    from hoi_platform.services.scale.measure import cost_of

    return cost_of([sys.executable, "-m", _WORK, what, *map(str, arguments)], {})


def _size(objects: int, count: int, what: str) -> str:
    return f"{objects:,} objects, {count:,} {what}"


def _listing(folder: Path, objects: int, clips: int, **_: object) -> dict[str, Any]:
    from hoi_platform.services.scale.measure import cost_of

    results = _made_up(folder, objects, clips)
    shutil.rmtree(results / ".cache", ignore_errors=True)
    hoi = [sys.executable, "-m", "hoi_platform.cli"]
    costs = {
        "`hoi clips`, first time": "clips",
        "`hoi clips`": "clips",
        "`hoi status`, after `hoi clips`": "status",
    }
    found = {
        name: cost_of([*hoi, command, "--results_dir", str(results)], {})
        for name, command in costs.items()
    }
    return {
        "size": _size(objects, clips, "clips"),
        "figures": {name: cost.cpu_s for name, cost in found.items()},
        "wall_s": {name: cost.wall_s for name, cost in found.items()},
    }


def _index(folder: Path, objects: int, clips: int, **_: object) -> dict[str, Any]:
    cost = _work("index", _made_up(folder, objects, clips))
    return {
        "size": _size(objects, clips, "clips"),
        "figures": {"manifest and gallery": cost.cpu_s},
        "wall_s": {"manifest and gallery": cost.wall_s},
    }


def _tick(folder: Path, objects: int, cells: int, **_: object) -> dict[str, Any]:
    results = _made_up(folder, objects, cells)
    shutil.rmtree(results / ".cache", ignore_errors=True)
    first, again = (json.loads(_work("tick", results).output) for _ in range(2))
    return {
        "size": _size(objects, cells, "cells"),
        "figures": {
            "a sensor's look at all cells, first time": first["cpu_s"],
            "a sensor's look at all cells": again["cpu_s"],
        },
    }


def _overhead(folder: Path, objects: int, clips: int, **_: object) -> dict[str, Any]:
    folders = _made_up(folder, 10, 10), _made_up(folder, objects, clips)
    few, many = (json.loads(_work("overhead", results).output) for results in folders)
    return {
        "size": f"10 and {objects:,} objects",
        "figures": {
            "a step's look-ups, 10 objects": few["ms"],
            "a step's look-ups, all objects": many["ms"],
        },
    }


def _servers(folder: Path, **_: object) -> dict[str, Any]:
    from hoi_platform.commands.bench.platform_servers import idle_memory_mb

    memory = idle_memory_mb(folder / "servers")
    names = "web server, daemon, code server, file server, idle"
    return {"size": "no clip", "figures": {names: memory}}


def _backfill(folder: Path, backfills: str, databases: str, **_: object) -> dict[str, Any]:
    from hoi_platform.commands.bench.platform_backfill import measured_backfills

    return measured_backfills(folder / "backfill", backfills, databases)


_PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "listing": _listing,
    "index": _index,
    "tick": _tick,
    "overhead": _overhead,
    "servers": _servers,
    "backfill": _backfill,
}
