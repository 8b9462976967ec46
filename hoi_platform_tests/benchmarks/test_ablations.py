"""Every ablation names a piece that exists, and leaves nothing behind."""

import pytest

from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform_tests.benchmarks.ablations import ABLATIONS, Ablation, default

MODELS = (FitConfig, SegmentationConfig, TrackerConfig)


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda ablation: ablation.name)
def test_an_ablation_comes_and_goes(ablation: Ablation) -> None:
    """A piece that was renamed would be measured as if it brought nothing, or stay switched off."""
    before = [model() for model in MODELS]
    with ablation.applied():
        pass
    assert [model() for model in MODELS] == before


def test_a_default_is_another_one_meanwhile() -> None:
    """Every setting would seem to bring nothing."""
    with default(FitConfig, balance_m=7.0)():
        assert FitConfig().balance_m == 7.0
    assert FitConfig().balance_m != 7.0


def test_names_are_unique() -> None:
    """One piece's figures would be shown as another's."""
    names = [ablation.name for ablation in ABLATIONS]
    assert len(set(names)) == len(names)
