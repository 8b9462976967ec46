"""The auditor of the chaos bench: silent in a sound world, loud for each planted violation."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from hoi_platform.services.chaos.audit import Auditor, Row, Task

VIDEO = b"a whole video"
TASK = Task("clip", "860", Decimal("0.35"), None, sha256(VIDEO).hexdigest())


def row(folder: Path) -> Row:
    """A delivered request whose file lies in the folder."""
    path = folder / "video.mp4"
    path.write_bytes(VIDEO)
    return Row(
        1,
        "clip",
        state="delivered",
        task_id="860",
        cost_usd=Decimal("0.35"),
        estimate_usd=Decimal("0.4"),
        reason="",
        result=str(path),
    )


def found(before: list[Task], rows: list[Row], after: list[Task]) -> set[str]:
    """The kinds of violation that an audit finds."""
    auditor = Auditor(create_engine("sqlite://"))
    auditor.audit(before, rows, after, set())
    return set(auditor.findings.all())


def test_a_sound_world_has_no_findings(tmp_path: Path) -> None:
    """The bench would cry wolf: every run would fail."""
    assert found([TASK], [row(tmp_path)], [TASK]) == set()


def test_a_task_that_was_sold_between_the_two_looks_is_no_violation(tmp_path: Path) -> None:
    """Auditing while workers work would report what is only on its way."""
    sending = replace(row(tmp_path), state="sending", task_id=None, cost_usd=None)
    assert found([], [sending], [TASK]) == set()


PLANTED: dict[str, Callable[[Row], tuple[list[Task], list[Row], list[Task]]]] = {
    "bought_twice": lambda r: ([TASK], [r], [TASK, replace(TASK, task_id="861")]),
    "denied": lambda r: ([TASK], [replace(r, state="refused")], [TASK]),
    "invented": lambda r: ([], [r], []),
    "wrong_cost": lambda r: ([TASK], [replace(r, cost_usd=Decimal("0.36"))], [TASK]),
    "broken_files": lambda r: ([], [r], [replace(TASK, sha256="of another video")]),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_violation_is_found(kind: str, tmp_path: Path) -> None:
    """A ledger that buys twice, forgets, invents, miscounts or keeps half a file would pass."""
    assert found(*PLANTED[kind](row(tmp_path))) == {kind}


def test_a_request_that_the_ledger_does_not_know_is_found() -> None:
    """A purchase without a row would pass, as there is no row to compare it with."""
    assert found([TASK], [], [TASK]) == {"denied"}


def test_an_absent_file_is_found(tmp_path: Path) -> None:
    """A delivered row whose file is gone would pass."""
    gone = replace(row(tmp_path), result=str(tmp_path / "gone.mp4"))
    assert found([TASK], [gone], [TASK]) == {"broken_files"}
