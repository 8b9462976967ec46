"""Laws of ``core.filtering.check``."""

from math import isnan, nan

import numpy as np
import pytest

from hoi_platform.core.filtering.check import Check, checks_from_json, checks_to_json


@pytest.mark.parametrize(
    ("build", "value", "passed"),
    [
        (Check.at_most, 1.0, True),
        (Check.at_most, 1.1, False),
        (Check.at_least, 1.0, True),
        (Check.at_least, 0.9, False),
        (Check.equal, 1.0, True),
        (Check.equal, 0.9, False),
    ],
)
def test_thresholds_are_inclusive(build, value, passed):
    """A value at its limit would be rejected, or one beyond it let through."""
    assert build("x", value, 1.0, "m").passed is passed


@pytest.mark.parametrize("build", [Check.at_most, Check.at_least, Check.equal])
def test_what_was_not_measured_never_passes(build):
    """A nan would count as good."""
    assert not build("x", nan, 1.0, "m").passed


def test_a_contradiction_cannot_be_built():
    """A verdict could say passed beside a value beyond its limit."""
    with pytest.raises(ValueError, match=r"check gap: passed=True contradicts gap is 2 m"):
        Check("gap", 2.0, 1.0, "m", True, "<=")


def test_an_unknown_comparison_lists_the_known_ones():
    """A typo would fail without its cure."""
    with pytest.raises(ValueError, match=r"unknown comparison '<'; known: <=, >=, =="):
        Check("gap", 2.0, 1.0, "m", True, "<")  # type: ignore[arg-type]


def test_reason_says_value_unit_and_limit():
    """The user would not learn what was found and what is allowed."""
    reason = Check.at_most("camera_shift", 3.25, 2.0, "px").reason
    assert reason == "camera_shift is 3.25 px, allowed is at most 2 px"


def test_json_round_trip():
    """A stored verdict would read back changed, or not be strict JSON."""
    checks = [
        Check.at_least("area", np.float32(0.5), np.int64(1), ""),
        Check.equal("frames", 49, 49, "frames"),
    ]
    assert checks_from_json(checks_to_json(checks)) == checks


def test_what_was_not_measured_is_null_in_json():
    """A verdict with a nan would be no JSON that other tools read."""
    text = checks_to_json([Check.at_most("x", nan, 1.0, "m")])
    assert '"value": null' in text
    (found,) = checks_from_json(text)
    assert isnan(found.value)
    assert not found.passed


def test_a_check_compares_single_numbers() -> None:
    """A value per frame would fail with numpy's words, and without the check's name."""
    with pytest.raises(ValueError, match=r"check speed: compares numbers, not \(3,\); reduce it"):
        Check.at_most("speed", np.ones(3), 2.0, "m/s")
