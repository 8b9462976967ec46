"""``hoi ledger reopen`` as a process of its own."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from hoi_platform.services.accounts import ACCOUNT_REFUSAL
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Two requests refused for the account, one for its prompt, one of another account."""
    ledger = open_ledger(f"sqlite:///{tmp_path}/ledger/ledger.db")
    refusals = [
        ("kling-ai:1", "Kling 429/1102", {"answer": ACCOUNT_REFUSAL}),
        ("kling-ai:1", "Kling 429/1102", {"answer": ACCOUNT_REFUSAL}),
        ("kling-ai:1", "Kling 400/1301", {}),
        ("kling-ai:2", "Kling 429/1102", {"answer": ACCOUNT_REFUSAL}),
    ]
    for number, (account, reason, known) in enumerate(refusals):
        intent = Intent(
            f"{number}" * 64,
            "video",
            provider="kling-ai",
            account=account,
            model="m",
            subject=f"clip{number}",
            estimate_usd=Decimal("0.35"),
        )
        row = ledger.reserve(intent)
        ledger.begin_sending(row)
        ledger.advance(row.fingerprint, RequestState.REFUSED, reason=reason, **known)
    return ledger


def reopen(results: Path, account: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "hoi_platform.cli", "ledger", "reopen", account),
            *("--results_dir", str(results)),
        ],
        env={name: value for name, value in os.environ.items() if name != "HOI_LEDGER_URL"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_one_command_takes_an_account_up_again(ledger: Ledger, tmp_path: Path) -> None:
    """After topping an account up, each of its clips would have to be freed by hand."""
    result = reopen(tmp_path, "kling-ai:1")
    assert result.returncode == 0, result.stderr
    assert "2 requests can be sent again" in result.stdout
    states = [row.state for row in ledger.rows()]
    assert states == ["reserved", "reserved", "refused", "refused"]


def test_an_unknown_account_is_a_mistake(ledger: Ledger, tmp_path: Path) -> None:
    """A mistyped name would end as if nothing were left to do, or free another account's rows."""
    for account in ("kling-ai", "fal-ai:1"):
        result = reopen(tmp_path, account)
        assert result.returncode != 0
        assert "known: kling-ai:1, kling-ai:2" in " ".join((result.stdout + result.stderr).split())
    assert {row.state for row in ledger.rows()} == {"refused"}
