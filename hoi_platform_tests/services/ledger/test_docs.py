"""The ledger's state machine as its method note draws it."""

import re
from itertools import product
from pathlib import Path

from hoi_platform.services.ledger.states import (
    IllegalTransitionError,
    RequestState,
    check_transition,
)

_NOTE = Path(__file__).parents[3] / "docs" / "methods" / "ledger.md"
_EDGE = re.compile(r"^\s*(\w+)(?:\{[^}]*\})? --> (\w+)\s*$", re.MULTILINE)
_JUNCTION = "news"
"""The one node of the drawing that is no state: whatever enters it may leave by each exit."""


def _drawn(text: str) -> set[tuple[str, str]]:
    """The transitions of the note's drawing, those through the junction as well."""
    (drawing,) = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    edges = set(_EDGE.findall(drawing))
    assert len(edges) == drawing.count("-->"), "an edge of the drawing has another form"
    entries = [old for old, new in edges if new == _JUNCTION]
    exits = [new for old, new in edges if old == _JUNCTION]
    return {edge for edge in edges if _JUNCTION not in edge} | set(product(entries, exits))


def _legal() -> set[tuple[str, str]]:
    """Those that the ledger accepts."""
    return {
        (str(old), str(new))
        for old, new in product(RequestState, repeat=2)
        if old != new and _is_legal(old, new)
    }


def _is_legal(old: RequestState, new: RequestState) -> bool:
    try:
        check_transition(old, new)
    except IllegalTransitionError:
        return False
    return True


def test_the_drawing_is_the_table() -> None:
    """A reader would expect a transition that the ledger refuses, or miss one."""
    drawn, legal = _drawn(_NOTE.read_text()), _legal()
    assert not drawn - legal
    assert not legal - drawn


def test_a_missing_transition_is_found() -> None:
    """The law above would hold for any drawing."""
    text = _NOTE.read_text().replace("    rejected --> delivered\n", "")
    assert _legal() - _drawn(text) == {("rejected", "delivered")}
