"""Distance images of masks: sign, zero, windows at the border, occlusion."""

import numpy as np
import pytest
import torch

from hoi_platform.core.optimizer.hoi_model import TensorSpec
from hoi_platform.core.optimizer.masks import MaskWindows, mask_windows
from hoi_platform.core.optimizer.observations import ObservedMasks

FLOAT64 = TensorSpec(torch.float64, torch.device("cpu"))


def _targets(windows: MaskWindows) -> ObservedMasks:
    return ObservedMasks(
        FLOAT64(windows.corner_px),
        FLOAT64(windows.distance_px),
        FLOAT64(windows.hidden),
        FLOAT64(windows.contour_px),
        FLOAT64(windows.contour_normal),
        FLOAT64(windows.contour_weight),
        torch.ones(len(windows.corner_px), dtype=torch.float64),
    )


def _scene() -> tuple[np.ndarray, np.ndarray]:
    """A rectangle of columns 30-49 and rows 20-29 that leaves the image to the right."""
    thing = np.zeros((3, 60, 80), dtype=bool)
    thing[0, 20:30, 30:50] = True
    thing[1, 20:30, 70:80] = True
    return thing, np.zeros_like(thing)


def test_distance_is_exact_and_signed():
    """Masks are half a pixel too large, or pull outward where they should pull inward."""
    masks = _targets(mask_windows(*_scene(), np.random.default_rng(0)))
    uv = torch.tensor([[30.0, 25.0], [27.0, 25.0], [32.0, 25.0], [40.0, 33.5]]).double()
    distance = masks.distance_at(uv.expand(3, -1, -1))[0]
    assert distance.tolist() == pytest.approx([0.0, 3.0, -2.0, 3.5])


def test_contour_lies_just_inside_and_points_outward():
    """The mask-to-model direction pulls the model to a shifted or inverted outline."""
    windows = mask_windows(*_scene(), np.random.default_rng(0))
    masks = _targets(windows)
    real = windows.contour_weight[0] > 0
    assert real.sum() == 56
    assert torch.allclose(masks.distance_at(masks.contour_px)[0, real], torch.tensor(-0.5).double())
    outside = masks.contour_px + 2 * masks.contour_normal
    assert (masks.distance_at(outside)[0, real] > 0.5).all()


def test_border_of_the_image_is_no_contour():
    """An object that leaves the image is squeezed into it."""
    windows = mask_windows(*_scene(), np.random.default_rng(0))
    real = windows.contour_weight[1] > 0
    assert real.any()
    assert windows.contour_px[1, real, 0].max() < 77
    assert _targets(windows).hidden_at(torch.tensor([[[79.5, 25.0]]] * 3).double())[1, 0] == 1


def test_contour_beside_the_person_does_not_count():
    """The edge of the hand is taken for an edge of the object."""
    thing, person = _scene()
    person[0, 15:35, 40:60] = True
    windows = mask_windows(thing & ~person, person, np.random.default_rng(0))
    real = windows.contour_weight[0] > 0
    assert windows.contour_px[0, real, 0].max() < 38


def test_empty_mask_has_no_weight():
    """A frame in which the object was not found pulls it somewhere."""
    windows = mask_windows(*_scene(), np.random.default_rng(0))
    assert not windows.contour_weight[2].any()
    assert windows.hidden[2].all()
