"""Clothes: regions by joint, limbs distinguished, colors as the palette says."""

import numpy as np
import pytest

from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.config.characters import PaletteConfig
from hoi_platform.core.scene.clothing import body_colors, linear_rgb
from hoi_platform_tests.people import person


def test_srgb_transfer() -> None:
    """Colors would come out too light or too dark: the sRGB curve of IEC 61966-2-1."""
    np.testing.assert_allclose(linear_rgb("#ffffff"), 1.0)
    np.testing.assert_allclose(linear_rgb("#000000"), 0.0)
    np.testing.assert_allclose(linear_rgb("#808080"), 0.2158605, atol=1e-6)


@pytest.mark.parametrize("name", ["kid", "jason_rigged_001"])
def test_regions_have_their_colors(name: str) -> None:
    """A limb would be dressed like another one, and trackers could not distinguish them."""
    body, palette = person(name), PaletteConfig()
    colors = body_colors(body, palette)
    assert colors.shape == (len(body.rest_vertices), 3)
    assert (colors >= 0).all()
    assert (colors <= 1).all()

    def near(joint: str, offset: float = 0.0) -> np.ndarray:
        p = body.rest_joints[JOINT[joint]] + np.array([0, offset * body.height_m, 0])
        distance = np.linalg.norm(body.rest_vertices - p, axis=1)
        distance[body.vertex_joint != JOINT[joint]] = np.inf
        return colors[np.argmin(distance)]

    for joint, offset, part in (
        ("left_knee", -0.03, "left_leg"),
        ("right_knee", -0.03, "right_leg"),
        ("spine3", 0.0, "shirt"),
        ("left_shoulder", 0.0, "left_sleeve"),
        ("right_shoulder", 0.0, "right_sleeve"),
        ("left_foot", 0.0, "shoes"),
        ("left_wrist", 0.0, "skin"),
    ):
        np.testing.assert_allclose(near(joint, offset), linear_rgb(getattr(palette, part)))
    crown = np.argmax(body.rest_vertices[:, 1])
    np.testing.assert_allclose(colors[crown], linear_rgb(palette.hair))


def test_neighboring_fingers_differ() -> None:
    """The fingers would be one blob to a hand detector."""
    body = person()
    colors = body_colors(body)
    tones = [colors[body.vertex_joint == JOINT[f"left_{f}2"]].mean() for f in ("index", "middle")]
    assert abs(tones[0] - tones[1]) > 0.02
