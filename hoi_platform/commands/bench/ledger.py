"""``hoi bench ledger``: whether paid calls keep their promises while processes die."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoi_platform.core.errors import BadInputError, StageError

if TYPE_CHECKING:
    from hoi_platform.services.chaos.figures import PartFiles, Plan
    from hoi_platform.services.chaos.part import Part
    from hoi_platform.services.chaos.plan import Database


def ledger(
    seed: Annotated[int, typer.Option(help="Seed of everything that happens.")] = 1,
    cases: Annotated[int, typer.Option(min=1, help="Cases on each database.")] = 1100,
    part_cases: Annotated[int, typer.Option(min=1, help="Cases in a part.")] = 25,
    parts: Annotated[str | None, typer.Option(help="Only these parts: 3 or 1-8.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Parts that run at the same time.")] = 2,
    databases: Annotated[str, typer.Option(help="One or both.")] = "sqlite,postgresql",
    case: Annotated[
        int | None, typer.Option(help="Replay one case (from 0) and print its story.")
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="Folder of finished parts; an interrupted run resumes from them.")
    ] = Path("results_bench/ledger"),
    output: Annotated[Path, typer.Option(help="JSON file for the figures.")] = Path(
        "results_bench/bench_ledger.json"
    ),
) -> None:
    """Kill, stop and starve processes that buy videos from stand-ins; audit all the while."""
    from hoi_platform.services.chaos.figures import PartFiles, Plan

    plan = Plan(seed, cases, part_cases, _databases(databases))
    if case is not None:
        _replay(plan, case)
        return
    files = PartFiles(folder)
    chosen = _chosen(plan.parts(), parts)
    with ThreadPoolExecutor(jobs) as pool:
        for done in [pool.submit(_run_unless_done, files, part) for part in chosen]:
            done.result()
    _conclude(plan, files, output)


def _databases(text: str) -> "tuple[Database, ...]":
    from hoi_platform.services.chaos.figures import DATABASE_NAMES

    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in DATABASE_NAMES]:
        known = ", ".join(DATABASE_NAMES)
        raise BadInputError(f"--databases names {', '.join(unknown)!r}; known: {known}")
    return tuple(names)  # type: ignore[arg-type]  # just compared


def _chosen(parts: "list[Part]", text: str | None) -> "list[Part]":
    if text is None:
        return parts
    first, _, last = text.partition("-")
    try:
        numbers = range(int(first), int(last or first) + 1)
    except ValueError:
        numbers = range(0)
    if not numbers or numbers[0] < 1 or numbers[-1] > len(parts):
        raise BadInputError(f"--parts is {text!r}; give one of 1 … {len(parts)}, or a range: 1-4")
    return [parts[number - 1] for number in numbers]


def _run_unless_done(files: "PartFiles", part: "Part") -> None:
    from hoi_platform.commands.terminal import console

    name = f"{part.database}, cases {part.first} … {part.first + part.count - 1}"
    if files.read(part) is not None:
        console.print(f"{name}: done earlier")
        return
    for line in _lines(part):
        if "figures" in line:
            files.write(part, line["figures"])
            figures = line["figures"]
            deaths, seconds = figures["counts"].get("deaths", 0), figures["seconds"]
            console.print(f"{name}: {deaths} deaths in {seconds:.0f} s")
        elif (line["case"] + 1) % 20 == 0:
            console.print(f"[dim]{name}: case {line['case']}, {line['deaths']} deaths[/dim]")


def _lines(part: "Part") -> Any:
    """What a part's process prints, parsed. Raises StageError when it fails."""
    from dataclasses import asdict

    from hoi_platform.services.chaos.part import ENVIRONMENT

    command = [sys.executable, "-m", "hoi_platform.services.chaos.part", json.dumps(asdict(part))]
    environment = os.environ | ENVIRONMENT
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise StageError(
            f"a part of the bench ended with status {process.returncode} ({part}); its error is "
            "printed above. Finished parts are kept: the same command resumes from them"
        )


def _replay(plan: "Plan", case: int) -> None:
    from hoi_platform.commands.terminal import console
    from hoi_platform.services.chaos.part import Part

    findings: dict[str, list[str]] = {}
    for database in plan.databases:
        for line in _lines(Part(plan.seed, database, case, 1)):
            if "figures" in line:
                findings |= line["figures"]["findings"]
                continue
            console.print(f"{database}, seed {plan.seed}, case {case}")
            for text in line["story"]:
                console.print(text, markup=False, soft_wrap=True)
    for kind, texts in findings.items():
        console.print(f"[red]{kind}[/red]: {'; '.join(texts)}", soft_wrap=True)
    if findings:
        raise typer.Exit(1)


def _conclude(plan: "Plan", files: "PartFiles", output: Path) -> None:
    """Merge the finished parts, once all are there."""
    from hoi_platform.commands.machine import machine_name
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.services.artifacts.files import write_whole
    from hoi_platform.services.chaos.figures import (
        DATABASE_NAMES,
        broken_promises,
        merged,
        table_rows,
    )

    done = [figures for part in plan.parts() if (figures := files.read(part)) is not None]
    figures = merged(plan, done, machine_name())
    head = ("", *(DATABASE_NAMES[name] for name in plan.databases))
    console.print(table(f"{len(done)} of {len(plan.parts())} parts", head, table_rows(figures)))
    if len(done) == len(plan.parts()):
        write_whole(output, json.dumps(figures, indent=1) + "\n")
        console.print(f"written to {output}")
    else:
        console.print("run the same command without --parts for the rest")
    if problems := broken_promises(figures):
        for problem in problems:
            console.print(f"[red]{problem}[/red]", soft_wrap=True)
        raise typer.Exit(1)
