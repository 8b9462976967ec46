"""The audit of performances against planted violations of known size."""

import pytest
from hypothesis import given, settings

from hoi_platform_tests.core.scene.performance.audit import LAWS, audit, broken
from hoi_platform_tests.core.scene.performance.planted import GAP_M, PLANTS, staged
from hoi_platform_tests.strategies import shares_of_a_limit


def test_every_law_has_its_planted_violation() -> None:
    """A law that nothing can break would be listed as proof."""
    assert set(PLANTS) == set(LAWS)


def test_what_keeps_every_law_is_accepted() -> None:
    """The planted violations below would be found in anything."""
    values = audit(staged())
    assert broken(staged()) == {}
    assert values["grip_gap"] == pytest.approx(GAP_M, abs=1e-6)


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(share=shares_of_a_limit())
def test_a_planted_violation_is_measured_and_breaks_its_law_alone(law: str, share: float) -> None:
    """A violation would pass unseen, be blamed on another law, or be reported where none is."""
    limit = LAWS[law].limit
    act = PLANTS[law](share * limit)
    assert LAWS[law].value(act) == pytest.approx(share * limit, rel=0.02, abs=2e-6 * (limit > 1e-5))
    assert set(broken(act)) == ({law} if share > 1 else set())
