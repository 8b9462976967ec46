"""What a case of the chaos bench holds is drawn from its seed and number alone."""

from typing import get_args

from hoi_platform.services.chaos.plan import (
    DISK_EDGES,
    EDGES,
    PROVIDERS,
    Database,
    Disaster,
    Kind,
    case_of,
)

SOME = range(400)


def disasters(database: Database) -> list[tuple[str, Disaster]]:
    """Every disaster of many cases, with its service."""
    cases = [case_of(3, number, database) for number in SOME]
    return [(c.provider, d) for c in cases for life in c.lives for d in life.disasters]


def test_the_same_seed_gives_the_same_case() -> None:
    """A failure could not be replayed."""
    assert [case_of(7, n, "sqlite") for n in SOME] == [case_of(7, n, "sqlite") for n in SOME]
    assert case_of(7, 0, "sqlite") != case_of(8, 0, "sqlite")


def test_every_kind_edge_and_service_occurs() -> None:
    """A run would leave out what it claims to try."""
    drawn = disasters("sqlite") + disasters("postgresql")
    assert {provider for provider, _ in drawn} == set(PROVIDERS)
    assert {disaster.kind for _, disaster in drawn} == set(get_args(Kind))
    assert {disaster.edge for _, disaster in drawn} == set(EDGES)
    assert {d.target for _, d in drawn if d.kind == "disk"} == set(DISK_EDGES)


def test_no_process_is_stopped_while_it_holds_the_ledgers_lock() -> None:
    """All others would wait until the bench gives up on them."""
    edges = {d.edge for _, d in disasters("sqlite") if d.kind == "pause"}
    assert edges
    assert not edges & {"statement", "commit", "clock"}


def test_a_ledger_at_fal_is_never_set_back() -> None:
    """fal can be asked for no id of ours: a forgotten purchase there cannot be found by anybody."""
    assert not [
        d for provider, d in disasters("sqlite") if (provider, d.kind) == ("fal", "lying_disk")
    ]
