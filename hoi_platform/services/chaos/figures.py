"""Merges the parts of a run: counts, findings and the table of the documentation."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.record import file_digest, fingerprint_of
from hoi_platform.services.chaos.part import Part
from hoi_platform.services.chaos.plan import DISK_ERRORS, Database

DELIVERED_FLOOR: Final = 0.99
"""Least share of the requests without permanent faults that must be delivered: a ledger that
refuses everything would keep every other promise. Chosen; all of them are expected."""
_JUDGED: Final = ("chaos", "ledger", "video", "fake_apis", "artifacts")
"""Packages on which the figures depend."""
DATABASE_NAMES: Final[dict[str, str]] = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Plan:
    """Which cases a whole run has, and in which parts."""

    seed: int
    cases: int
    """Of each database."""
    part_cases: int
    databases: tuple[Database, ...]

    def parts(self) -> list[Part]:
        return [
            Part(self.seed, database, first, min(self.part_cases, self.cases - first))
            for first in range(0, self.cases, self.part_cases)
            for database in self.databases
        ]


@dataclass(frozen=True)
class PartFiles:
    """Where the figures of finished parts are; those of other code are elsewhere."""

    folder: Path

    def path(self, part: Part) -> Path:
        name = f"{part.database}-seed{part.seed}-cases{part.first}+{part.count}-{_code()}.json"
        return self.folder / name

    def read(self, part: Part) -> dict[str, Any] | None:
        try:
            figures: dict[str, Any] = json.loads(self.path(part).read_text())
        except FileNotFoundError:
            return None
        return figures

    def write(self, part: Part, figures: Mapping[str, Any]) -> None:
        write_whole(self.path(part), json.dumps(figures, indent=1) + "\n")


def merged(plan: Plan, parts: Iterable[Mapping[str, Any]], machine: str) -> dict[str, Any]:
    """The figures of a whole run, by database."""
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in plan.databases}
    for part in parts:
        found[part["database"]].append(part)
    return {
        "machine": machine,
        "seed": plan.seed,
        "cases": plan.cases,
        "databases": {name: _database(figures) for name, figures in found.items()},
    }


def _database(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counts, ends = Counter[str](), Counter[str]()
    findings: dict[str, list[str]] = {}
    for part in parts:
        counts.update(part["counts"])
        ends.update(part["ends"])
        for kind, texts in part["findings"].items():
            findings.setdefault(kind, []).extend(texts)
    return {
        "counts": dict(sorted(counts.items())),
        "ends": dict(sorted(ends.items())),
        "audits": sum(part["audits"] for part in parts),
        "findings": findings,
        "seconds": round(sum(part["seconds"] for part in parts), 1),
    }


def broken_promises(figures: Mapping[str, Any]) -> list[str]:
    """What was found against the invariants, and what passed only by failing."""
    problems = []
    for name, database in figures["databases"].items():
        for kind, texts in database["findings"].items():
            first, *_ = texts[0].splitlines()
            problems.append(f"{name}: {kind}: {len(texts)}, the first: {first}")
        share = delivered_share(database)
        if share < DELIVERED_FLOOR:
            problems.append(
                f"{name}: {share:.1%} of the requests without permanent faults were delivered; "
                f"at least {DELIVERED_FLOOR:.0%} must be"
            )
    return problems


def delivered_share(database: Mapping[str, Any]) -> float:
    """Of the requests whose service never refuses or fails for good."""
    counts = database["counts"]
    deliverable: int = counts.get("deliverable", 0)
    return float(counts.get("deliverable, delivered", 0) / deliverable) if deliverable else 1.0


_ROWS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("process deaths", ("deaths",)),
    ("… ended itself at an edge", ("deaths by exit",)),
    ("… SIGKILL from outside", ("deaths by kill",)),
    ("… power lost during a sync", ("deaths by torn",)),
    ("… power lost, confirmed commits forgotten", ("deaths by lying_disk",)),
    ("… of the database server", ("struck by server_crash",)),
    ("torn tails of the log (WAL)", ("torn log tails",)),
    ("torn pages of the database file", ("torn database tails",)),
    ("pauses beyond the lease (SIGSTOP)", ("pauses beyond the lease",)),
    ("connections cut by the server", ("struck by connection",)),
    *(
        (f"{error} at each write of {what}", tuple(f"{error}: {what} {how}" for how in hows))
        for error in DISK_ERRORS
        for what, hows in (
            ("ledger", ("write", "sync")),
            ("video", ("write", "sync", "create")),
            ("record", ("write", "sync", "create")),
        )
    ),
    ("ids of tasks that could not be written", ("ids that could not be written",)),
    ("… told to the person instead", ("ids told to the person instead",)),
    ("faults of the services", ("service faults",)),
    ("requests", ("requests",)),
    ("tasks at the services", ("tasks",)),
    ("bought twice", ("bought twice",)),
)
"""Rows of the table, each the sum of some counts."""
_END_ROWS: Final = ("delivered", "rejected", "refused", "failed", "ready")


def table_rows(figures: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The run as text: a row per figure, a column per database."""
    databases = list(figures["databases"].values())
    rows = [
        (title, *(f"{sum(d['counts'].get(name, 0) for name in names):,}" for d in databases))
        for title, names in _ROWS
    ]
    rows += [(state, *(f"{_ends(d, state):,}" for d in databases)) for state in _END_ROWS]
    rows += [
        ("delivered, without permanent faults", *(f"{delivered_share(d):.1%}" for d in databases)),
        ("charged by the services, USD", *(_usd(d, "charged") for d in databases)),
        ("booked in the ledger, USD", *(_usd(d, "booked") for d in databases)),
        ("settled by a person (fal)", *(_count(d, "settled by hand") for d in databases)),
        ("audits while it ran", *(f"{d['audits']:,}" for d in databases)),
        ("broken invariants", *(str(sum(map(len, d["findings"].values()))) for d in databases)),
    ]
    return rows


def markdown(figures: Mapping[str, Any]) -> str:
    """The table in docs/benchmarks.md."""
    head = ("", *(DATABASE_NAMES[name] for name in figures["databases"]))
    lines = [head, tuple("---" for _ in head), *table_rows(figures)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _ends(database: Mapping[str, Any], state: str) -> int:
    ends: Mapping[str, int] = database["ends"]
    return sum(count for end, count in ends.items() if end.startswith(state))


def _count(database: Mapping[str, Any], name: str) -> str:
    return f"{database['counts'].get(name, 0):,}"


def _usd(database: Mapping[str, Any], verb: str) -> str:
    return f"{database['counts'].get(f'{verb} micro-USD', 0) / 1e6:,.2f}"


def _code() -> str:
    services = Path(__file__).parents[1]
    files = [file for name in _JUDGED for file in sorted((services / name).rglob("*.py"))]
    return fingerprint_of([file_digest(file) for file in files])[:12]
