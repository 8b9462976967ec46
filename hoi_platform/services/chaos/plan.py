"""What happens in a case, drawn from the seed and the case's number alone."""

import random
from dataclasses import dataclass
from typing import Final, Literal

Provider = Literal["kling-legacy", "kling-new", "fal"]
Database = Literal["sqlite", "postgresql"]
Kind = Literal[
    "exit",  # the process ends itself at an edge, without any cleanup
    "kill",  # SIGKILL from outside after some microseconds
    "pause",  # SIGSTOP at an edge, SIGCONT after the lease has run out
    "disk",  # from an edge on, every write of one kind fails, until the process ends
    "torn",  # the power fails while the ledger is synced: unsynced sectors are lost at random
    "lying_disk",  # the power fails, and commits that were confirmed are forgotten
    "connection",  # the database's side of the connection ends
    "server_crash",  # the database server ends without a shutdown and is started again
]

PROVIDERS: Final[tuple[Provider, ...]] = ("kling-legacy", "kling-new", "fal")

EDGES: Final[dict[str, tuple[float, float, int]]] = {
    "order leaves": (3, 0.5, 1),
    "order answered": (5, 0.5, 1),
    "query leaves": (2, 3, 2),
    "query answered": (2, 3, 2),
    "file leaves": (1, 1.5, 1),
    "file answered": (1, 1.5, 1),
    "statement": (3, 3, 30),
    "commit": (4, 4, 5),
    "released": (3, 3, 15),
    "clock": (2, 2, 6),
    "sleep": (2, 2, 2),
    "create video": (1, 2, 2),
    "rename video": (1, 2, 1),
    "create record": (2, 2, 3),
    "rename record": (2, 2, 2),
}
"""Where a disaster may strike → how often it is chosen there in a case's first life and in later
ones, and at which crossing at the latest: an order leaves once, statements are many."""
# What fails → the edges from which on it does.
_VIDEO_EDGES: Final = ("file answered", "create video", "rename video")
_RECORD_EDGES: Final = ("create record", "rename record")
_LEDGER_EDGES: Final = ("order leaves", "order answered", "statement", "commit", "query answered")
DISK_EDGES: Final[dict[str, tuple[str, ...]]] = {
    "ledger write": _LEDGER_EDGES,
    "ledger sync": _LEDGER_EDGES,
    "video write": _VIDEO_EDGES,
    "video sync": _VIDEO_EDGES,
    "video create": _VIDEO_EDGES,
    "record write": _RECORD_EDGES,
    "record sync": _RECORD_EDGES,
    "record create": _RECORD_EDGES,
}
DISK_ERRORS: Final = ("ENOSPC", "EIO")

_KINDS: Final[dict[Database, dict[Kind, float]]] = {
    "sqlite": {"exit": 50, "kill": 30, "pause": 4, "disk": 10, "torn": 8, "lying_disk": 1.5},
    "postgresql": {
        **{"exit": 53, "kill": 33, "pause": 4, "disk": 10, "connection": 3},
        "server_crash": 0.3,
    },
}
"""Relative frequency of each disaster; chosen: common ones often, slow ones rarely."""
# A process that is stopped within a transaction would hold the ledger's lock.
_EDGES_OF: Final[dict[Kind, tuple[str, ...]]] = {
    "pause": tuple(edge for edge in EDGES if edge not in ("statement", "commit", "clock")),
    "torn": ("commit",),
    "lying_disk": ("commit",),
}
_MOST_KILL_DELAY_S: Final = 0.06
"""Latest moment of a kill (s), about as long as an undisturbed life takes; measured."""


@dataclass(frozen=True)
class Disaster:
    """What strikes one process, and where."""

    kind: Kind
    edge: str
    nth: int
    """At which crossing of the edge, from 1."""
    delay_s: float = 0.0
    """Of a kill from outside."""
    target: str = ""
    """Of a disk that fails."""
    error: str = ""

    def __str__(self) -> str:
        if self.kind == "kill":
            return f"kill after {self.delay_s * 1000:.1f} ms"
        what = f"{self.error} at each {self.target}" if self.kind == "disk" else self.kind
        return f"{what} at '{self.edge}' no. {self.nth}"


@dataclass(frozen=True)
class Life:
    """Processes that work at the same time, each with its disaster, and the pause afterwards."""

    disasters: tuple[Disaster, ...]
    gap_s: float
    """From the end of this life to the next (virtual s)."""


@dataclass(frozen=True)
class Case:
    """A few requests, one account, and the lives in which they are bought."""

    seed: int
    number: int
    database: Database
    provider: Provider
    requests: int
    duration: str
    slots: int
    lives: tuple[Life, ...]
    permanent_faults: bool
    """Whether the service may refuse requests for good or fail tasks."""
    call_faults: float
    file_faults: float
    rejects_duplicates: bool

    @property
    def name(self) -> str:
        return f"{self.database}-{self.seed}-{self.number}"


def case_of(seed: int, number: int, database: Database) -> Case:
    """The case with this number; the same arguments give the same case."""
    rng = random.Random(f"chaos {seed} {number} {database}")
    provider = rng.choice(PROVIDERS)
    lives = tuple(
        _life(rng, database, provider, first=not number) for number in range(rng.randint(4, 12))
    )
    struck = {d.kind for life in lives for d in life.disasters}
    return Case(
        seed=seed,
        number=number,
        database=database,
        provider=provider,
        requests=rng.choice((1, 1, 2, 3)),
        duration=rng.choice(("5", "10")),
        slots=rng.choice((2, 5)),
        lives=lives,
        permanent_faults=rng.random() < 0.2,
        call_faults=rng.choice((0.0, 0.0, 0.1, 0.3)),
        file_faults=rng.choice((0.0, 0.0, 0.2)),
        # A process that was stopped in the last moment before its request leaves, or whose
        # confirmed commit the disk forgot, has but the service's own check as a safeguard.
        rejects_duplicates=bool(struck & {"pause", "lying_disk"}) or rng.random() < 0.5,
    )


def _life(rng: random.Random, database: Database, provider: Provider, *, first: bool) -> Life:
    workers = rng.choice((1, 1, 1, 2))
    disasters = tuple(_disaster(rng, database, provider, first=first) for _ in range(workers))
    alone = next((d for d in disasters if d.kind in ("torn", "lying_disk", "server_crash")), None)
    return Life((alone,) if alone else disasters, rng.choice((0.0, 5.0, 601.0, 601.0)))


def _disaster(
    rng: random.Random, database: Database, provider: Provider, *, first: bool
) -> Disaster:
    kinds = dict(_KINDS[database])
    if provider == "fal":
        kinds.pop("lying_disk", None)  # fal has neither our ids nor a check for doubles
    kind = rng.choices(list(kinds), list(kinds.values()))[0]
    target = rng.choice(tuple(DISK_EDGES)) if kind == "disk" else ""
    allowed = DISK_EDGES[target] if target else _EDGES_OF.get(kind, tuple(EDGES))
    edge = rng.choices(allowed, [EDGES[edge][0 if first else 1] for edge in allowed])[0]
    return Disaster(
        kind=kind,
        edge=edge,
        nth=rng.randint(1, EDGES[edge][2]),
        delay_s=rng.uniform(0.0, _MOST_KILL_DELAY_S) if kind == "kill" else 0.0,
        target=target,
        error=rng.choice(DISK_ERRORS) if kind == "disk" else "",
    )
