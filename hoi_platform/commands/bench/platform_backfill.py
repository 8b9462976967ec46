"""Backfills of stub work through a real daemon, on SQLite and PostgreSQL."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from hoi_platform.core.clip import MAX_SEED
from hoi_platform.core.errors import BadInputError, StageError

_THIS: Final = "hoi_platform.commands.bench.platform_backfill"
MODULE: Final = "hoi_platform.commands.bench.stub_defs"
MOST_S_PER_CELL: Final = 60.0
"""After so much time per cell (s) a backfill is given up; chosen: ten times what it takes."""
_POLL_S: Final = 1.0
"""Between two looks at the runs (s); chosen."""
_SHOWN: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def measured_backfills(folder: Path, sizes: str, databases: str) -> dict[str, Any]:
    """Seconds per cell and database: the slope of a line through all backfills."""
    counts = sorted(_counts(sizes))
    names = [name.strip() for name in databases.split(",")]
    if unknown := [name for name in names if name not in _SHOWN]:
        raise BadInputError(f"--databases names {unknown[0]!r}; known: {', '.join(_SHOWN)}")
    seconds = {name: _on_database(folder / name, name, counts) for name in names}
    slopes = {n: _slope(counts, [found[str(c)] for c in counts]) for n, found in seconds.items()}
    return {
        "size": f"{', '.join(map(str, counts))} cells",
        "figures": {f"backfill: per cell, {_SHOWN[n]}": slope for n, slope in slopes.items()},
        "wall_s": seconds,
    }


def _counts(sizes: str) -> set[int]:
    try:
        counts = {int(size) for size in sizes.split(",")}
    except ValueError:
        counts = set()
    if len(counts) < 2 or min(counts) < 1:
        raise BadInputError(
            f"--backfills is {sizes!r}; give two or more numbers of cells, as 125,250,500"
        )
    return counts


def _slope(counts: list[int], seconds: list[float]) -> float:
    import numpy as np

    return round(float(np.polyfit(counts, seconds, 1)[0]), 3)


def _on_database(folder: Path, name: str, counts: list[int]) -> dict[str, float]:
    """Wall seconds of each backfill, from the first run's creation to the end of the last."""
    from hoi_platform.services.chaos.postgres import running_cluster

    with contextlib.ExitStack() as stack:
        url = stack.enter_context(running_cluster()).url if name == "postgresql" else None
        home = folder / f"home_{os.getpid()}"
        _prepare(home, url)
        environment = os.environ | {"DAGSTER_HOME": str(home)}
        command = [sys.executable, "-m", _THIS, json.dumps(counts)]
        with _daemon(environment, home / "daemon.log"):
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False
            )
    if done.returncode:
        raise StageError(f"backfills on {name} failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _prepare(home: Path, url: str | None) -> None:
    from hoi_platform.resources.platform import PROJECT_ROOT

    settings = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    if url is not None:
        settings["storage"] = {"postgres": {"postgres_url": url}}
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))


@contextlib.contextmanager
def _daemon(environment: dict[str, str], log: Path) -> Iterator[None]:
    migrate = [sys.executable, "-m", "dagster", "instance", "migrate"]
    subprocess.run(migrate, env=environment, check=True, capture_output=True)
    program = str(Path(sys.executable).parent / "dagster-daemon")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "run", "-m", MODULE], env=environment, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(120)


def _backfill(count: int) -> float:
    """Request one backfill of so many cells and wait for it. Raises StageError."""
    import dagster as dg
    from dagster._core.execution.backfill import PartitionBackfill

    from hoi_platform.commands.bench.stub_defs import defs
    from hoi_platform.partitions import add_object_keys, cell_key

    with dg.DagsterInstance.get() as instance:
        objects = [f"b{count}-{number}" for number in range(-(-count // MAX_SEED))]
        add_object_keys(instance, objects)
        cells = [cell_key(key, seed) for key in objects for seed in range(1, MAX_SEED + 1)][:count]
        tag = f"backfill{count}"
        instance.add_backfill(
            PartitionBackfill.from_asset_partitions(
                backfill_id=tag,
                asset_graph=defs.resolve_asset_graph(),
                partition_names=cells,
                asset_selection=[dg.AssetKey("stub")],
                backfill_timestamp=time.time(),
                tags={},
                dynamic_partitions_store=instance,
                all_partitions=False,
                title=None,
                description=None,
                run_config=None,
            )
        )
        return _waited(instance, tag, count)


def _waited(instance: Any, tag: str, count: int) -> float:
    import dagster as dg

    deadline = time.monotonic() + count * MOST_S_PER_CELL
    filters = dg.RunsFilter(tags={"dagster/backfill": tag})
    while time.monotonic() < deadline:
        records = instance.get_run_records(filters)
        if len(records) == count and all(r.dagster_run.is_finished for r in records):
            if failed := [r for r in records if not r.dagster_run.is_success]:
                raise StageError(f"{len(failed)} of {count} runs failed")
            ends = [record.end_time for record in records if record.end_time]
            begun = [record.create_timestamp.timestamp() for record in records]
            return round(max(ends) - min(begun), 1)
        time.sleep(_POLL_S)
    raise StageError(f"a backfill of {count} cells had not ended after {count * MOST_S_PER_CELL} s")


if __name__ == "__main__":
    found = {str(count): _backfill(count) for count in json.loads(sys.argv[1])}
    sys.stdout.write(json.dumps(found) + "\n")
