"""Every derivative of the tracker against central differences in float64.

A term gives H = w JᵀJ and g = w Jᵀr. For residuals that are all alike ½ gᵀ H⁺ g is ½ Σ w r², so
that a term's own answers at two poses give the slope that its g must be.
"""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.tracking.appearance import Template, render
from hoi_platform.core.tracking.contour import Contour, contour_term
from hoi_platform.core.tracking.edges import Edges, edge_term
from hoi_platform.core.tracking.lighting import Lighting, srgb_from_linear, srgb_slope
from hoi_platform.core.tracking.se3 import (
    center_of,
    moved,
    pixel_jacobian,
    point_jacobian,
    twist_between,
)
from hoi_platform.core.tracking.terms import (
    NormalEquations,
    normal_equations,
    photometric_term,
    prior_term,
)
from hoi_platform.core.tracking.view import View
from hoi_platform_tests.core.tracking import fields
from hoi_platform_tests.strategies import poses, twists, vectors

CAMERA = Camera(fields.SHAPE[1], fields.SHAPE[0], 200.0, np.eye(4))
CENTER = np.array([0.01, -0.02, 0.03])
POINT = np.array([[0.03, 0.04, -0.02]])
_AT = np.array([0.02, -0.03, 1.1])


def _pose() -> Array:
    T = moved(np.eye(4), np.r_[np.zeros(3), 0.4, -0.3, 0.7], np.zeros(3))
    T[:3, 3] = _AT
    return T


def slopes(function: Callable[[Array], Array], step: float) -> Array:
    """Central differences (..., 6) of a function of a twist at zero."""
    basis = step * np.eye(6)
    return np.stack([(function(d) - function(-d)) / (2 * step) for d in basis], axis=-1)


def _cost(equations: NormalEquations) -> float:
    return 0.5 * float(equations.g @ np.linalg.pinv(equations.H, rcond=1e-9) @ equations.g)


@settings(max_examples=60, deadline=None)
@given(T=poses(2.0), twist=twists(0.5, 3.0), center=vectors(0.2))
def test_a_twist_moves_the_center_by_v_and_is_found_again(
    T: Array, twist: Array, center: Array
) -> None:
    """Steps of the solver and velocities of the smoother would mean different motions."""
    there = moved(T, twist, center)
    assert center_of(there, center) - center_of(T, center) == pytest.approx(twist[:3], abs=1e-12)
    assert there[:3, :3] @ there[:3, :3].T == pytest.approx(np.eye(3), abs=1e-12)
    back = twist_between(T, there, center)
    assert moved(T, back, center) == pytest.approx(there, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(T=poses(0.2), center=vectors(0.1))
def test_point_and_pixel_jacobians(T: Array, center: Array) -> None:
    """Gauss-Newton would step in a wrong direction, and uncertainties in pixels be wrong."""
    T = T.copy()
    T[2, 3] += 1.5
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (7, 3))
    p_cam, c_cam = transform_points(T, points), center_of(T, center)

    def placed(twist: Array) -> Array:
        return transform_points(moved(T, twist, center), points)

    numeric = slopes(placed, 1e-5)
    assert point_jacobian(p_cam, c_cam) == pytest.approx(numeric, abs=1e-8)
    numeric = slopes(lambda twist: CAMERA.project_cam(placed(twist)), 1e-5)
    assert pixel_jacobian(p_cam, c_cam, CAMERA.focal_px) == pytest.approx(numeric, abs=1e-5)


def _edges(offset: float) -> Edges:
    start = CAMERA.project_cam(transform_points(_pose(), POINT))
    normal = np.array([[0.6, -0.8]])
    return Edges(POINT, start, normal, np.array([offset]), np.array([0.09]), 1.0)


def test_edge_term() -> None:
    """Silhouettes would be pushed off the edge that the image shows."""
    T, edges = _pose(), _edges(0.02)
    equations = edge_term(edges, T, CENTER, CAMERA)
    numeric = slopes(
        lambda twist: np.array(_cost(edge_term(edges, moved(T, twist, CENTER), CENTER, CAMERA))),
        1e-6,
    )
    assert equations.g == pytest.approx(numeric, rel=5e-3)
    # The solver's step brings the rim to the edge.
    step = -np.linalg.pinv(equations.H, rcond=1e-9) @ equations.g
    there = CAMERA.project_cam(transform_points(moved(T, step, CENTER), POINT))
    assert ((there - edges.start) * edges.normal).sum() == pytest.approx(0.02, rel=1e-2)
    # The residual is the moved rim minus the edge: here −0.02 px, with the weight of its noise.
    assert _cost(equations) == pytest.approx(0.5 * 0.02**2 / (0.09 * 4.0), rel=1e-2)


def test_contour_term() -> None:
    """The rim would be drawn away from the mask's boundary, or along it."""
    slope = np.array([0.8, 0.6])
    uv = CAMERA.project_cam(transform_points(_pose(), POINT))[0]
    frame = fields.frame(
        distance=fields.affine(slope, 0.3 - slope @ uv),
        slope=np.tile(slope.astype(np.float32), (*fields.SHAPE, 1)),
    )
    contour = Contour(POINT, np.array([-0.5]), np.array([False]), 1.0)

    def term(twist: Array) -> NormalEquations:
        return contour_term(frame, contour, moved(_pose(), twist, CENTER), CENTER, CAMERA, 1e4)

    # A wide step: OpenCV interpolates on a grid of 1/32 px.
    numeric = slopes(lambda twist: np.array(_cost(term(twist))), 0.01)
    equations = term(np.zeros(6))
    assert equations.g == pytest.approx(numeric, rel=0.03, abs=0.02 * np.abs(numeric).max())
    assert _cost(equations) == pytest.approx(0.5 * 0.8**2 / (0.5**2 * 4.0), rel=0.03)


def test_photometric_term() -> None:
    """Colors would pull the surface the wrong way, or shading be taken for motion."""
    slope = np.array([0.003, -0.002])
    uv = CAMERA.project_cam(transform_points(_pose(), POINT))[0]
    gray = fields.affine(slope, 0.5 - slope @ uv)
    image = np.repeat(gray[..., None], 3, axis=-1)
    frame = fields.frame(levels=(image, image))
    turn = np.tile(np.array([0.11, -0.07, 0.05]), (12, 3, 1))
    template = Template(
        np.tile(POINT, (12, 1)), np.full((12, 3), 0.496), np.tile(slope, (12, 3, 1)), turn
    )

    def term(twist: Array) -> NormalEquations:
        T = moved(_pose(), twist, CENTER)
        return photometric_term(frame, template, T, twist, CENTER, CAMERA, 0, 1.0)

    numeric = slopes(lambda twist: np.array(_cost(term(twist))), 0.004)
    assert term(np.zeros(6)).g == pytest.approx(numeric, rel=0.06, abs=0.03 * np.abs(numeric).max())
    assert np.linalg.norm(numeric) > 0


def test_prior_term() -> None:
    """What no image shows would wander instead of staying where it is expected."""
    rng = np.random.default_rng(1)
    root = rng.normal(size=(6, 6))
    information = root @ root.T
    T = moved(_pose(), np.r_[0.01, -0.02, 0.03, 0.02, 0.01, -0.03], CENTER)

    def cost(twist: Array) -> Array:
        away = twist_between(_pose(), moved(T, twist, CENTER), CENTER)
        return np.array(0.5 * away @ information @ away)

    equations = prior_term(T, _pose(), information, CENTER)
    assert equations.g == pytest.approx(slopes(cost, 1e-6), rel=0.05, abs=2e-3)
    assert np.array_equal(equations.H, information)


def test_normal_equations_are_the_sums_that_they_stand_for() -> None:
    """The fast matrix products would weigh the points wrongly."""
    rng = np.random.default_rng(2)
    J, r, w = rng.normal(size=(9, 6)), rng.normal(size=9), rng.uniform(0.1, 2, 9)
    H = sum(w[i] * np.outer(J[i], J[i]) for i in range(9))
    g = sum(w[i] * J[i] * r[i] for i in range(9))
    both = normal_equations(J[:4], r[:4], w[:4]) + normal_equations(J[4:], r[4:], w[4:])
    assert pytest.approx(H) == both.H
    assert both.g == pytest.approx(g)


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
        turned = moved(_pose(), twist, CENTER)[:3, :3]
        return render(view, turned, lighting, gain).colors

    numeric = slopes(colors, 1e-6)[..., 3:]
    assert render(view, R, lighting, gain).turn == pytest.approx(numeric, abs=1e-7)
