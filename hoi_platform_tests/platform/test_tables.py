"""Tables of the pages that list what can be added to: checks, loss terms, backends, sockets."""

import importlib
import re

import pytest

from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.filtering.registry import CHECKS
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.term import TERMS
from hoi_platform.services.backends.chosen import ROLE_KEYS
from hoi_platform.services.backends.registry import backends
from hoi_platform_tests.pages import ROOT

_SOCKETS = {
    "video": "video.backend",
    "masks": "vision.scene_tracks",
    "depth": "vision.scene_tracks",
}
"""Modules of sockets that are not called like their role."""


def _rows(page: str, header: str) -> list[list[str]]:
    """The cells of the table of a page whose first row begins with ``header``."""
    _, found, rest = (ROOT / "docs" / page).read_text().partition(f"\n| {header} |")
    assert found, f"{page} has no table {header!r}"
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _names(cell: str) -> list[str]:
    return re.findall(r"`([\w.-]+)`", cell)


def test_the_checks_are_listed_in_order_with_their_limits() -> None:
    """Nobody would know why clips are rejected, or which key changes a limit."""
    rows = _rows("scenes.md", "check | what is measured")
    order = sorted(CHECKS.rows().values(), key=lambda row: (row.order, row.name))
    listed = [_names(name)[0] for name, *_ in rows]
    assert listed == [check.name for check in order], "docs/scenes.md, Checks of the filter"
    limits = re.findall(r"`(\w+)` \(([^)]+)\)", "\n".join(row[-1] for row in rows))
    stated = {name: value.partition(":")[0].strip('"') for name, value in limits}
    defaults = {name: field.default for name, field in FilteringConfig.model_fields.items()}
    expected = {name: str(value or "null") for name, value in defaults.items()}
    assert stated == expected, "docs/scenes.md, Checks of the filter, limits"


def test_the_terms_of_the_objective_are_listed() -> None:
    """A configuration would name a term that no page explains."""
    rows = _rows("methods/optimizer.md", "term")
    listed = sorted(name for cell, _ in rows for name in _names(cell))
    assert listed == sorted(TERMS.rows()), "docs/methods/optimizer.md, Evidence"


def test_what_a_term_is_said_to_read_is_there() -> None:
    """Who writes a term would look for a quantity that predictions no longer have."""
    names = [name for row in _rows("architecture.md", "of `prediction`") for name in _names(row[0])]
    assert "posed.joints" in names
    assert not [name for name in names if not hasattr(Prediction, name.partition(".")[0])]


def test_the_backends_of_every_role_are_listed() -> None:
    """A backend would be found by nobody, or its key be a wrong one."""
    rows = _rows("backends.md", "role | chosen by")
    assert [_names(row[0]) for row in rows] == [[role] for role in ROLE_KEYS]
    for role, keys, listed in zip(ROLE_KEYS, ROLE_KEYS.values(), rows, strict=True):
        paths = [path.partition(".")[2] for path in (keys.name, keys.model)]
        assert [_names(cell) for cell in listed[1:3]] == [[path] for path in paths]
        names = sorted(_names(listed[3].partition(":")[0]))
        assert names == sorted(backend.name for backend in backends(role)), "docs/backends.md"


@pytest.mark.parametrize("row", _rows("backends.md", "role | socket"), ids=lambda row: row[0])
def test_the_sockets_are_as_listed(row: list[str]) -> None:
    """Who writes a backend would implement a method that nothing calls."""
    (role,), (socket,), methods, results = map(_names, row)
    where = _SOCKETS.get(role, f"vision.{role}")
    protocol = getattr(importlib.import_module(f"hoi_platform.services.{where}"), socket)
    found = {name for name in vars(protocol) if not name.startswith("_")}
    assert set(methods) == found - {"name"}
    returned = " ".join(str(vars(protocol)[name].__annotations__["return"]) for name in methods)
    assert not [name for name in results if name not in returned]
