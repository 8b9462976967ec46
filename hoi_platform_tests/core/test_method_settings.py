"""The settings of the tracker and of the body's fit do something."""

import ast
from pathlib import Path

import pytest

from hoi_platform import core
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.config.base import Config
from hoi_platform.core.tracking.config import TrackerConfig


@pytest.mark.parametrize(
    ("model", "users"),
    [
        (TrackerConfig, ("tracking", "../services/vision")),
        (FitConfig, ("body/fitting",)),
    ],
)
def test_every_setting_is_read(model: type[Config], users: tuple[str, ...]) -> None:
    """An ablation would change a number that nothing reads."""
    folder = Path(core.__file__).parent
    trees = [ast.parse(f.read_text()) for user in users for f in (folder / user).glob("*.py")]
    read = {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("config")
    }
    assert set(model.model_fields) <= read
    assert "no_such_setting" not in read


@pytest.mark.parametrize(
    "changed",
    [
        {"lost_overlap": 1.2},
        {"renderings": 0},
        {"color_noise": 0.0},
        {"blur_px": (0.0, 1.0)},
        {"blur": 1.0},
    ],
)
def test_a_setting_out_of_range_is_refused(changed: dict) -> None:
    """A weight of infinity or a misspelled name would reach the solver."""
    with pytest.raises(ValueError, match=next(iter(changed))):
        TrackerConfig(**changed)
