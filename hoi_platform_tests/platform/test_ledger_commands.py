"""``hoi ledger`` and ``hoi fake-apis`` as a person uses them."""

from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hoi_platform.cli import app
from hoi_platform.core.errors import HoiError
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState

CLIP = "ComAsset/cordless_drill/kid_indoor2-manipulation_rand00001"


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.delenv("HOI_LEDGER_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger/ledger.db")
    row = ledger.reserve(
        Intent(
            "ab" * 32,
            "video",
            provider="fal-ai",
            account="fal-ai:1",
            model="kling-v3",
            subject=CLIP,
            estimate_usd=Decimal("0.56"),
        )
    )
    ledger.begin_sending(row)
    ledger.advance(row.fingerprint, RequestState.DOUBTFUL, reason="gave no answer")
    return ledger


def hoi(tmp_path: Path, *words: str) -> str:
    """What a command prints; an error of ours is raised as the command line would report it."""
    result = CliRunner().invoke(app, ["ledger", *words, "--results_dir", str(tmp_path)])
    if isinstance(result.exception, HoiError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_what_is_open_is_listed(ledger: Ledger, tmp_path: Path) -> None:
    """A doubtful purchase would stay unseen."""
    shown = hoi(tmp_path, "list")
    assert "doubtful" in shown
    assert "0.56 est." in shown
    assert "gave no answer" in hoi(tmp_path, "show", "1")
    assert "0.56 USD (of 50.00)" in hoi(tmp_path, "spend")
    ledger.advance("1", RequestState.DOUBTFUL, cost_usd=Decimal("0.0035"))
    assert "0.0035" in hoi(tmp_path, "list")


def test_a_person_settles_a_doubtful_row(ledger: Ledger, tmp_path: Path) -> None:
    """A purchase that only a person can look up could never be fetched."""
    hoi(tmp_path, "settle", "1", "--task-id", "abc", "--cost", "0.5")
    row = ledger.get("1")
    assert (row.state, row.task_id, row.cost_usd) == ("submitted", "abc", Decimal("0.5"))
    assert "gave no answer" in row.reason


@pytest.mark.parametrize(
    ("flag", "state"), [("--not-accepted", "reserved"), ("--give-up", "refused")]
)
def test_other_ways_to_settle(flag: str, state: str, ledger: Ledger, tmp_path: Path) -> None:
    """A row would be stuck forever."""
    hoi(tmp_path, "settle", "1", flag)
    assert ledger.get("1").state == state


def test_a_task_that_is_gone_is_given_up_and_ordered_again(ledger: Ledger, tmp_path: Path) -> None:
    """A video that the service has deleted would be asked for without end."""
    ledger.observe(ledger.get("1"), RequestState.SUCCEEDED)
    assert "is failed" in hoi(tmp_path, "settle", "1", "--give-up")
    assert ledger.spent_usd() == Decimal("0.56")
    assert "row 2" in hoi(tmp_path, "settle", "1", "--again")
    assert [row.state for row in ledger.rows()] == ["failed", "reserved"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["settle", "1"], "give one of"),
        (["settle", "1", "--give-up", "--again"], "exclude each other"),
        (["settle", "1", "--again"], "only a failed request"),
        (["settle", "1", "--cost", "NaN"], "not an amount of money"),
        (["settle", "1", "--cost=-1"], "negative"),
        (["settle", "1", "--cost", "a lot"], "write it like 0.35"),
        (["settle", "1", "--cost", "56"], "--confirm-cost"),
        (["accept", "1"], "nothing to decide"),
        (["show", "99"], "hoi ledger list"),
        (["list", "--state", "lost"], "known: reserved"),
    ],
)
def test_mistakes_are_told(words: list[str], message: str, ledger: Ledger, tmp_path: Path) -> None:
    """A mistyped command would end in a stack trace or change the wrong row."""
    with pytest.raises(HoiError, match=message):
        hoi(tmp_path, *words)
    assert ledger.get("1").state == RequestState.DOUBTFUL


def test_every_clip_of_a_shared_purchase_is_listed(ledger: Ledger, tmp_path: Path) -> None:
    """A person would give up a purchase that another clip waits for."""
    ledger.claim(ledger.get("1"), "ComAsset/mug/kid_indoor2-manipulation_rand00003")
    assert "and 1 more" in hoi(tmp_path, "list")
    shown = hoi(tmp_path, "show", "1")
    assert CLIP in shown
    assert "ComAsset/mug/kid_indoor2-manipulation_rand00003" in shown
    assert "a look-up at the service" in shown
