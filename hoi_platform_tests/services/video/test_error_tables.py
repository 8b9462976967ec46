"""Each documented error code has its own category and its own cure."""

import re

import pytest

from hoi_platform.services.models.error_codes import CURES
from hoi_platform.services.video.fal_errors import STATUSES, TYPES
from hoi_platform.services.video.kling.errors import CODES

# Kling's documentation of error codes, collected 2026-11.
KLINGS = {
    *range(1000, 1005),
    *range(1100, 1104),
    *range(1200, 1204),
    *range(1300, 1305),
    *range(5000, 5003),
}
ACCOUNTS = {1000, 1001, 1002, 1100, 1101, 1102, 1103, 1304}


def test_every_documented_code_of_kling_has_an_entry() -> None:
    """A code of the documentation would be treated as a guess."""
    assert set(CODES) == KLINGS
    assert {code for code, known in CODES.items() if known.category == "account"} == ACCOUNTS


@pytest.mark.parametrize(
    "cures",
    [
        [code.cure for code in CODES.values()],
        [known.cure for known in {**STATUSES, **TYPES}.values()],
        list(CURES.values()),
    ],
    ids=["kling", "fal", "openai"],
)
def test_every_code_has_its_own_cure(cures: list[str]) -> None:
    """One cure for everything ("see its console") would help nobody."""
    assert len(set(cures)) == len(cures)
    assert all(len(re.findall(r"\w+", cure)) >= 3 for cure in cures)
