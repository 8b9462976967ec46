"""Every derivative of the tracker against central differences in float64."""

from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings

from hoi_platform.core.arrays import Array
from hoi_platform.core.colors import srgb_from_linear
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform.core.tracking.lighting import Lighting, srgb_slope
from hoi_platform.core.tracking.motion import (
    PoseResiduals,
    apply_twist,
    center_of,
    pixel_jacobian,
    point_jacobian,
    twist_between,
)
from hoi_platform.core.tracking.photometric import Template, photometric_residuals, render
from hoi_platform.core.tracking.silhouette import (
    Contour,
    Edges,
    contour_residuals,
    edge_residuals,
)
from hoi_platform.core.tracking.view import ObjectModel, View
from hoi_platform_tests.core.tracking import fields
from hoi_platform_tests.strategies import poses, twists, vectors

CAMERA = Camera(fields.SHAPE[1], fields.SHAPE[0], 200.0, np.eye(4))
CENTER = np.array([0.01, -0.02, 0.03])
POINT = np.array([[0.03, 0.04, -0.02]])
_AT = np.array([0.02, -0.03, 1.1])


def _pose() -> Array:
    T = apply_twist(np.eye(4), np.r_[np.zeros(3), 0.4, -0.3, 0.7], np.zeros(3))
    T[:3, 3] = _AT
    return T


def slopes(function: Callable[[Array], Array], step: float) -> Array:
    """Central differences (..., 6) of a function of a twist at zero."""
    basis = step * np.eye(6)
    return np.stack([(function(d) - function(-d)) / (2 * step) for d in basis], axis=-1)


@settings(max_examples=60, deadline=None)
@given(T=poses(2.0), twist=twists(0.5, 3.0), center=vectors(0.2))
def test_a_twist_moves_the_center_by_v_and_is_found_again(
    T: Array, twist: Array, center: Array
) -> None:
    """Steps of the solver and velocities of the smoother would mean different motions."""
    there = apply_twist(T, twist, center)
    assert center_of(there, center) - center_of(T, center) == pytest.approx(twist[:3], abs=1e-12)
    assert there[:3, :3] @ there[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)
    back = twist_between(T, there, center)
    assert apply_twist(T, back, center) == pytest.approx(there, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(T=poses(0.2), center=vectors(0.1))
def test_point_and_pixel_jacobians(T: Array, center: Array) -> None:
    """Gauss-Newton would step in a wrong direction, and uncertainties in pixels be wrong."""
    T = T.copy()
    T[2, 3] += 1.5
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (7, 3))
    p_cam, c_cam = transform_points(T, points), center_of(T, center)

    def placed(twist: Array) -> Array:
        return transform_points(apply_twist(T, twist, center), points)

    numeric = slopes(placed, 1e-5)
    assert point_jacobian(p_cam, c_cam) == pytest.approx(numeric, abs=1e-8)
    numeric = slopes(lambda twist: CAMERA.project_cam(placed(twist)), 1e-5)
    assert pixel_jacobian(p_cam, c_cam, CAMERA.focal_px) == pytest.approx(numeric, abs=1e-5)


class _Model:
    """The part of an ObjectModel that residuals need: no surface."""

    camera, center, config = CAMERA, CENTER, TrackerConfig(mask_bend_px=(1e4, 1e4))


MODEL = cast(ObjectModel, _Model())


def _edges(offset: float) -> Edges:
    start = CAMERA.project_cam(transform_points(_pose(), POINT))
    normal = np.array([[0.6, -0.8]])
    return Edges(POINT, start, normal, np.array([offset]), np.array([0.09]), 1.0)


def test_edge_residuals() -> None:
    """Silhouettes would be pushed off the edge that the image shows."""
    edges = _edges(0.02)

    def residuals(twist: Array) -> PoseResiduals:
        return edge_residuals(edges, apply_twist(_pose(), twist, CENTER), MODEL)

    found = residuals(np.zeros(6))
    numeric = slopes(lambda twist: residuals(twist).values, 1e-6)
    assert pytest.approx(numeric, rel=1e-5) == found.J
    # The residual is the moved rim minus the edge: here −0.02 px, with the weight of its noise.
    assert found.values == pytest.approx([-0.02])
    assert found.weights == pytest.approx([1 / (0.09 * 4.0)], rel=1e-3)
    # One bend away a point counts a quarter.
    far = edge_residuals(_edges(1.0), _pose(), MODEL)
    assert far.weights == pytest.approx(0.25 / (0.09 * 4.0))


def test_contour_residuals() -> None:
    """The rim would be drawn away from the mask's boundary, or along it."""
    slope = np.array([0.8, 0.6])
    uv = CAMERA.project_cam(transform_points(_pose(), POINT))[0]
    frame = fields.frame(
        distance=fields.affine(slope, 0.3 - slope @ uv),
        slope=np.tile(slope.astype(np.float32), (*fields.SHAPE, 1)),
    )

    def residuals(twist: Array, beside: bool = False) -> PoseResiduals:
        contour = Contour(POINT, np.array([-0.5]), np.array([beside]), 1.0)
        return contour_residuals(frame, contour, apply_twist(_pose(), twist, CENTER), MODEL, 0)

    found = residuals(np.zeros(6))
    # A wide step: OpenCV interpolates on a grid of 1/32 px.
    numeric = slopes(lambda twist: residuals(twist).values, 0.01)
    assert pytest.approx(numeric, rel=0.03, abs=0.02 * np.abs(numeric).max()) == found.J
    assert found.values == pytest.approx([0.8], abs=0.02)
    assert found.weights == pytest.approx([1 / (0.5**2 * 4.0)])
    # Beside the human, where the mask may end at a finger, it counts a quarter at 0.8 px.
    doubted = residuals(np.zeros(6), beside=True)
    assert doubted.weights == pytest.approx(0.25 * found.weights, rel=0.05)


def test_photometric_residuals() -> None:
    """Colors would pull the surface the wrong way, or shading be taken for motion."""
    slope = np.array([0.003, -0.002])
    uv = CAMERA.project_cam(transform_points(_pose(), POINT))[0]
    gray = fields.affine(slope, 0.5 - slope @ uv)
    image = np.repeat(gray[..., None], 3, axis=-1)
    turn = np.tile(np.array([0.11, -0.07, 0.05]), (12, 3, 1))
    template = Template(
        np.tile(POINT, (12, 1)), np.full((12, 3), 0.496), np.tile(slope, (12, 3, 1)), turn
    )

    def residuals(twist: Array, **parts: Array) -> PoseResiduals:
        frame = fields.frame(levels=(image, image), **parts)
        T = apply_twist(_pose(), twist, CENTER)
        return photometric_residuals(frame, template, T, twist, MODEL, 0)

    found = residuals(np.zeros(6))
    numeric = slopes(lambda twist: residuals(twist).values, 0.004)
    assert pytest.approx(numeric, rel=0.06, abs=0.03 * np.abs(numeric).max()) == found.J
    assert found.values == pytest.approx(0.004, abs=1e-3)
    assert (found.weights > 0).all()
    assert len(residuals(np.zeros(6), mask=np.zeros(fields.SHAPE, bool)).values) == 0


def _lit(normals: Array) -> tuple[Lighting, Array]:
    rng = np.random.default_rng(4)
    coefficients = np.concatenate([rng.normal(0, 0.03, (9, 3)), rng.normal(0, 0.01, (4, 3))])
    coefficients[0], coefficients[9] = 0.5, 0.08
    return Lighting(coefficients), rng.uniform(0.2, 0.8, (len(normals), 3))


def _normals(count: int) -> Array:
    n = np.random.default_rng(5).normal(size=(count, 3))
    return n / np.linalg.norm(n, axis=1, keepdims=True)


def test_slope_of_the_lighting() -> None:
    """Shading would turn the object the wrong way round."""
    normals = _normals(20)
    lighting, albedo = _lit(normals)
    step = 1e-6
    columns = [
        (
            lighting.reflected(albedo, normals + step * axis)
            - lighting.reflected(albedo, normals - step * axis)
        )
        / (2 * step)
        for axis in np.eye(3)
    ]
    assert lighting.slope(albedo, normals) == pytest.approx(np.stack(columns, -1), abs=1e-8)


def test_slope_of_the_transfer_function() -> None:
    """Dark surfaces would count too much or too little."""
    x = np.linspace(0.004, 0.99, 50)
    numeric = (srgb_from_linear(x + 1e-7) - srgb_from_linear(x - 1e-7)) / 2e-7
    assert srgb_slope(x) == pytest.approx(numeric, rel=1e-6)


def test_turn_of_a_rendering() -> None:
    """A ball's shading would hold it at a wrong angle."""
    normals = _normals(15)
    lighting, albedo = _lit(normals)
    hit = np.ones((3, 5), bool)
    view = View((0, 0), 1.0, hit, np.ones(15, np.float32), np.zeros((15, 3)), normals, albedo)
    gain = np.array([0.9, 1.0, 1.1])
    R = _pose()[:3, :3]

    def colors(twist: Array) -> Array:
        turned = apply_twist(_pose(), twist, CENTER)[:3, :3]
        return render(view, turned, lighting, gain).colors

    numeric = slopes(colors, 1e-6)[..., 3:]
    assert render(view, R, lighting, gain).turn == pytest.approx(numeric, abs=1e-7)
