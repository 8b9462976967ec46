"""Every derivative of the fit against finite differences or automatic differentiation."""

import numpy as np
import torch
from torch import Tensor
from torch.autograd import gradcheck
from torch.func import jacrev, vmap

from hoi_platform.core.body.fitting.kinematics import PoseSpace, right_jacobian, skinned_points
from hoi_platform.core.body.fitting.terms import (
    balance,
    bone_direction,
    foot_height,
    hinge_limit,
    hinge_twist,
    keypoint_reprojection,
    pose_prior,
)
from hoi_platform.core.body.keypoints import keypoint_regressor
from hoi_platform.core.geometry.torch_rotations import matrix_from_axis_angle
from hoi_platform_tests.hoi_samples import moving, stick_body

torch.manual_seed(3)


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def constant(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_reprojection() -> None:
    """A wrong sign of the principal point or of depth would show."""
    p = torch.tensor([0.3, -0.2, 2.5], dtype=torch.float64, requires_grad=True)
    uv, center = constant(310.0, 170.0), constant(320.0, 180.0)
    sigma = constant(2.0)[0]
    assert gradcheck(lambda p: keypoint_reprojection(p, uv, constant(700.0)[0], center, sigma), p)
    residual = keypoint_reprojection(p, uv, constant(700.0)[0], center, sigma)
    np.testing.assert_allclose(residual.detach(), [(320 + 84 - 310) / 2, (180 - 56 - 170) / 2])


def test_bone_direction() -> None:
    """Its derivative must have no component along the bone: length is not observed."""
    ends = random(2, 3)
    direction, sigma = constant(0.0, 0.6, 0.8), constant(0.3)[0]
    assert gradcheck(lambda e: bone_direction(e, direction, sigma), ends)
    doubled = torch.stack([ends[0], ends[0] + 2 * (ends[1] - ends[0])])
    torch.testing.assert_close(
        bone_direction(ends, direction, sigma), bone_direction(doubled, direction, sigma)
    )


def test_joint_limits() -> None:
    """Inside its range a hinge must cost nothing, outside it must push back."""
    bone, fold = constant(1.0, 0.0, 0.0), constant(0.0, 0.0, 1.0)
    limits, sigma = constant(0.0, 2.0), constant(0.1, 0.05, 0.05)

    def residual(angles: Tensor) -> Tensor:
        return hinge_limit(matrix_from_axis_angle(angles), bone, fold, limits, sigma)

    assert residual(constant(0.4, 0.0, 0.0)).abs().max() < 1e-12  # twist is free
    bent = torch.linalg.cross(bone, fold)
    assert residual(1.0 * bent).abs().max() < 1e-12
    assert residual(-0.5 * bent)[1] == 10
    assert residual(2.5 * bent)[2] == 10
    for angles in (-0.3 * bent + 0.1, 2.4 * bent + 0.2):
        assert gradcheck(residual, angles.clone().requires_grad_())


def test_hinge_twist() -> None:
    """Fingers must bend about their hinge alone."""
    hinge, sigma = constant(0.0, 0.0, 1.0), constant(0.1)
    free = matrix_from_axis_angle(0.9 * hinge)
    assert hinge_twist(free, hinge, sigma).abs().max() < 1e-12
    assert gradcheck(lambda a: hinge_twist(matrix_from_axis_angle(a), hinge, sigma), random(3))


def test_linear_terms() -> None:
    """Prior, soles and balance are linear where they act."""
    sigma = constant(0.5)
    assert gradcheck(lambda r: pose_prior(r, sigma), random(4, 3))
    height, contact = constant(0.01), constant(0.7)
    assert gradcheck(lambda p: foot_height(p, height, contact, sigma), random(3))
    assert gradcheck(lambda p: balance(p, constant(0.1, 0.2), contact, sigma), random(3))


def test_right_jacobian() -> None:
    """exp(a + δ) = exp(a) exp(J δ), also near zero."""
    for scale in (1e-5, 1e-2, 1.0, 3.0):
        a = scale * torch.randn(3, dtype=torch.float64)
        delta = 1e-7 * torch.randn(3, dtype=torch.float64)
        left = matrix_from_axis_angle(a + delta)
        right = matrix_from_axis_angle(a) @ matrix_from_axis_angle(right_jacobian(a) @ delta)
        torch.testing.assert_close(left, right, atol=1e-13, rtol=0)


def test_points_move_as_automatic_differentiation_says() -> None:
    """The closed form is the fast path of differentiating the skinning."""
    body, motion = stick_body(), moving(3, np.random.default_rng(5))
    points = keypoint_regressor(body).points
    rotations = torch.as_tensor(motion.rotations)
    space = PoseSpace(body, rotations, torch.as_tensor(motion.translation), (0, 3, 17, 21), True)
    x = 0.4 * torch.randn(3, space.size, dtype=torch.float64)
    fast = skinned_points(points, space, x)

    def slow(x: Tensor, R: Tensor, t: Tensor) -> Tensor:
        one = PoseSpace(body, R[None], t[None], space.joints, True)
        return points.skin(one.posed(x[None]))[0]

    args = (x, space.rotations, space.translation)
    torch.testing.assert_close(fast.p, vmap(slow)(*args))
    torch.testing.assert_close(fast.J, vmap(jacrev(slow))(*args))
