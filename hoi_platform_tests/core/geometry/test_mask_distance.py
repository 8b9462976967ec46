"""Signed distances to masks against a slow reference."""

from typing import get_args

import numpy as np
import pytest

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.geometry.mask_distance import Transform, signed_distance_px

_ERROR: dict[Transform, float] = {"chamfer_3": 0.05, "chamfer_5": 0.03, "exact": 1e-9}


def _blob() -> Mask:
    rows, columns = np.indices((28, 36))
    return np.hypot(columns - 15, 1.5 * (rows - 12)) < 10


def _reference(mask: Mask) -> Array:
    """To the nearest pixel on the other side, by looking at all of them."""
    rows, columns = np.indices(mask.shape)
    places = np.stack([rows, columns], axis=-1).reshape(-1, 2)
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    flat = mask.ravel()
    to_false, to_true = apart[:, ~flat].min(axis=1), apart[:, flat].min(axis=1)
    return (to_true - to_false).reshape(mask.shape)


@pytest.mark.parametrize("transform", get_args(Transform))
def test_distances_are_those_to_the_other_side_and_negative_inside(transform: Transform) -> None:
    """A prior would be high outside, or a rim be drawn away from its mask."""
    mask, wanted = _blob(), _reference(_blob())
    found = signed_distance_px(mask, transform, to="pixel")
    assert (found[mask] < 0).all()
    assert (found[~mask] > 0).all()
    np.testing.assert_allclose(found, wanted, rtol=_ERROR[transform], atol=_ERROR[transform])


@pytest.mark.parametrize("transform", get_args(Transform))
def test_the_outline_runs_between_the_pixels(transform: Transform) -> None:
    """Outlines would be half a pixel off, inward or outward."""
    mask = _blob()
    half = signed_distance_px(mask, transform, to="pixel") - signed_distance_px(mask, transform)
    np.testing.assert_allclose(half, np.where(mask, -0.5, 0.5), atol=1e-5)


def test_all_is_outside_of_nothing_and_inside_of_everything() -> None:
    """A limit of so many pixels around an empty mask would let something through."""
    assert np.isposinf(signed_distance_px(np.zeros((4, 5), bool), "exact")).all()
    assert np.isneginf(signed_distance_px(np.ones((4, 5), bool), "chamfer_3")).all()
