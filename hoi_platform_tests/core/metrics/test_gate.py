"""The gate between a benchmark's figures and the committed ones."""

from dataclasses import replace
from math import nan

import pytest

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.metrics.gate import GATES, Gate, compare


def _figures(**changes: float) -> dict[str, float]:
    good = {gate.metric: 10.0 if gate.better == "lower" else 0.95 for gate in GATES}
    return good | changes


def test_equal_figures_pass_and_better_ones_too() -> None:
    """A gate that fails on its own baseline would be switched off."""
    baseline = {"a": _figures(), "b": _figures()}
    better = {clip: _figures(mpjpe_mm=1.0, contact_f1=1.0) for clip in baseline}
    for accuracy in (baseline, better):
        assert all(result.passed for result in compare(accuracy, baseline))


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.metric)
def test_each_figure_is_gated_in_its_direction(gate: Gate) -> None:
    """An accuracy could rot, or an improvement be refused."""
    baseline = {"a": _figures()}
    limit = gate.limit(baseline["a"][gate.metric])
    worse, better = (1.01, 0.99) if gate.better == "lower" else (0.99, 1.01)
    for factor, passed in ((worse, False), (better, True)):
        results = compare({"a": _figures(**{gate.metric: limit * factor})}, baseline)
        assert [r.passed for r in results if r.gate == gate] == [passed]
        assert all(r.passed for r in results if r.gate != gate)


def test_what_was_not_measured_does_not_pass() -> None:
    """A metric that became nan would look like a perfect one."""
    baseline = {clip: _figures() for clip in "abc"}
    results = compare(baseline | {"b": _figures(mpjpe_mm=nan)}, baseline)
    assert [r.gate.metric for r in results if not r.passed] == ["mpjpe_mm"]


def test_only_clips_of_both_count() -> None:
    """A new, difficult object would look like a regression of the old ones."""
    results = compare({"a": _figures(), "new": _figures(mpjpe_mm=500)}, {"a": _figures()})
    assert all(r.passed for r in results)
    with pytest.raises(BadInputError, match="has none of these clips; it has a"):
        compare({"b": _figures()}, {"a": _figures()})
    with pytest.raises(BadInputError, match="lacks mpjpe_mm"):
        compare({"a": _figures()}, {"a": {k: v for k, v in _figures().items() if k != "mpjpe_mm"}})


def test_the_tolerance_is_what_it_says() -> None:
    """A typing error in the table would open or close the gate."""
    gate = Gate("x", "lower", 2.0, share=0.1)
    assert gate.limit(10.0) == pytest.approx(13.0)
    assert replace(gate, better="higher").limit(10.0) == pytest.approx(7.0)
