"""The block-banded solver against dense linear algebra."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from hoi_platform.core.arrays import Array
from hoi_platform.core.errors import StageError
from hoi_platform.core.least_squares.minimize import minimize
from hoi_platform.core.least_squares.normal_equations import NormalEquations
from hoi_platform.core.least_squares.robust import CAUCHY, GEMAN_MCCLURE, Loss

SECOND = (1.0, -2.0, 1.0)


def rows_of(frames: int, jacobians: list[Array]) -> Array:
    """Derivatives (N, M, P) of runs of frames as the dense matrix (N M, T P)."""
    count, components, size = jacobians[0].shape
    dense = np.zeros((count, components, frames, size))
    for k, J in enumerate(jacobians):
        for t in range(count):
            dense[t, :, t + k] = J[t]
    return dense.reshape(count * components, frames * size)


def dense_hessian(equations: NormalEquations) -> Array:
    """The blocks of H in their places of (T P, T P)."""
    T, P = equations.frames, equations.size
    H = np.zeros((T, P, T, P))
    for k, block in enumerate(equations.blocks):
        for t in range(T - k):
            H[t + k, :, t] = block[t].T
            H[t, :, t + k] = block[t]
    return H.reshape(T * P, T * P)


@settings(max_examples=40, deadline=None)
@given(
    frames=st.integers(1, 7),
    size=st.integers(1, 4),
    reach=st.integers(0, 3),
    seed=st.integers(0, 10_000),
)
def test_the_step_is_that_of_the_dense_least_squares(
    frames: int, size: int, reach: int, seed: int
) -> None:
    """A block in the wrong place of the band would give a wrong step that still looks fine."""
    rng = np.random.default_rng(seed)
    equations = NormalEquations(frames, size, reach)
    matrices, residuals = [], []
    for length in range(1, min(reach + 1, frames) + 1):
        count = frames - length + 1
        jacobians = [rng.normal(size=(count, size + 2, size)) for _ in range(length)]
        residual = rng.normal(size=(count, size + 2))
        weights = rng.uniform(0.2, 3, size=(count, size + 2))
        equations.add(residual, *jacobians, weights=weights)
        root = np.sqrt(weights).reshape(-1)
        matrices.append(root[:, None] * rows_of(frames, jacobians))
        residuals.append(root * residual.reshape(-1))
    J, r = np.concatenate(matrices), np.concatenate(residuals)
    dense = np.linalg.lstsq(J, -r, rcond=None)[0]
    np.testing.assert_allclose(equations.step().ravel(), dense, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(equations.cost, 0.5 * r @ r)
    np.testing.assert_allclose(dense_hessian(equations), J.T @ J, atol=1e-10)
    damped = np.linalg.solve(J.T @ J + 0.3 * np.diag((J**2).sum(axis=0)), -J.T @ r)
    np.testing.assert_allclose(equations.step(damping=0.3).ravel(), damped, rtol=1e-7, atol=1e-9)
    ridged = np.linalg.solve(J.T @ J + 0.2 * np.eye(J.shape[1]), -J.T @ r)
    np.testing.assert_allclose(equations.step(ridge=0.2).ravel(), ridged, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("library", [np.asarray, torch.as_tensor])
def test_differences_are_runs_of_frames(library: Callable) -> None:
    """Smoothness would act on the wrong frames, or σ be mistaken for the variance."""
    T, M, P = 6, 2, 3
    rng = np.random.default_rng(1)
    values, J = rng.normal(size=(T, M)), rng.normal(size=(T, M, P))
    inverse_sigma = rng.uniform(0.5, 2, size=(T - 2, M))
    equations, expected = NormalEquations(T, P, 2), NormalEquations(T, P, 2)
    equations.add_differences(SECOND, library(values), library(J), library(inverse_sigma))
    residual = np.diff(values, n=2, axis=0)
    slopes = [c * J[k : k + T - 2] for k, c in enumerate(SECOND)]
    expected.add(residual, *slopes, weights=inverse_sigma**2)
    np.testing.assert_allclose(equations.blocks, expected.blocks)
    np.testing.assert_allclose(equations.gradient, expected.gradient)
    assert equations.cost == pytest.approx(expected.cost)


def test_constant_velocity_is_free_and_two_frames_have_no_acceleration() -> None:
    """The reference's smoothness punishes walking; a clip of two frames would be an error."""
    for frames in (2, 7):
        values = np.linspace(0, 5, frames)[:, None]
        equations = NormalEquations(frames, 1, 2)
        equations.add_differences(SECOND, values, np.ones((frames, 1, 1)), np.ones((1, 1)))
        assert equations.cost < 1e-20


@pytest.mark.parametrize("loss", [CAUCHY, GEMAN_MCCLURE])
def test_robust_residuals_have_the_gradient_of_their_cost(loss: Loss) -> None:
    """The solver would go downhill on another cost than the one that it compares."""
    rng = np.random.default_rng(2)
    J, b = rng.normal(size=(3, 4, 2, 2)), rng.normal(size=(3, 4, 2)) * 3
    confidence = rng.uniform(0, 1, (3, 4))

    def equations(x: Array) -> NormalEquations:
        built = NormalEquations(3, 2)
        built.add_robust(np.einsum("tnmp,tp->tnm", J, x) - b, J, confidence, loss, 1.5)
        return built

    x, step = rng.normal(size=(3, 2)), 1e-6
    for t in range(3):
        for p in range(2):
            away = np.zeros((3, 2))
            away[t, p] = step
            slope = (equations(x + away).cost - equations(x - away).cost) / (2 * step)
            assert equations(x).gradient[t, p] == pytest.approx(slope, abs=1e-7)


def test_tensors_and_arrays_give_the_same() -> None:
    """Body fitting (torch) and tracking (numpy) would be two solvers."""
    rng = np.random.default_rng(3)
    residual, J, confidence = (
        rng.normal(size=(4, 5, 2)), rng.normal(size=(4, 5, 2, 3)), rng.uniform(0, 1, (4, 5))
    )  # fmt: skip
    built = []
    for library in (np.asarray, torch.as_tensor):
        equations = NormalEquations(4, 3, 1)
        equations.add_robust(*map(library, (residual, J, confidence)), CAUCHY, 2.0)
        equations.add(library(residual[..., 0]), library(J[:, :, 0]))
        built.append(equations)
    np.testing.assert_allclose(built[0].blocks, built[1].blocks, rtol=1e-12)
    np.testing.assert_allclose(built[0].gradient, built[1].gradient, rtol=1e-12)
    assert built[0].cost == pytest.approx(built[1].cost, rel=1e-12)


def test_a_quadratic_pulls_and_a_hold_does_not() -> None:
    """Damped frames would be drawn away from the minimum, or a prior have no mean."""
    equations = NormalEquations(3, 2)
    away = np.arange(6.0).reshape(3, 2)
    information = np.tile(np.diag([4.0, 9.0]), (3, 1, 1))
    equations.add_quadratic(information, np.einsum("tij,tj->ti", information, away))
    np.testing.assert_allclose(equations.step(), -away)
    equations.hold(1e12, np.array([False, True, False]))
    step = equations.step()
    np.testing.assert_allclose(step[[0, 2]], -away[[0, 2]])
    assert np.abs(step[1]).max() < 1e-9
    equations = NormalEquations(3, 2, 1)
    equations.hold(2.0)
    np.testing.assert_array_equal(equations.step(), np.zeros((3, 2)))


def test_minimize_reaches_the_optimum_of_rosenbrock() -> None:
    """Damping must grow when a step fails and shrink when it works."""

    def equations(x: torch.Tensor) -> NormalEquations:
        built = NormalEquations(1, 2)
        residual = torch.stack([10 * (x[:, 1] - x[:, 0] ** 2), 1 - x[:, 0]], dim=1)
        J = torch.zeros(1, 2, 2, dtype=torch.float64)
        J[0, 0, 0], J[0, 0, 1], J[0, 1, 0] = -20 * x[0, 0], 10, -1
        built.add(residual, J)
        return built

    start = torch.tensor([[-1.2, 1.0]], dtype=torch.float64)
    np.testing.assert_allclose(minimize(equations, start, 60, "it"), [[1.0, 1.0]], atol=1e-4)


def test_minimize_agrees_with_scipy_on_a_robust_line_through_outliers() -> None:
    """The loss, its bend or the weights would differ from those of the reference implementation."""
    rng = np.random.default_rng(4)
    u = np.linspace(-1, 1, 40)
    v = 0.7 * u - 0.2 + rng.normal(0, 0.02, 40)
    v[::8] += 3.0
    bend = 0.1
    J = torch.as_tensor(np.stack([u, np.ones(40)], axis=-1)[None, :, None])

    def equations(x: torch.Tensor) -> NormalEquations:
        built = NormalEquations(1, 2)
        residual = J @ x[:, None, :, None]
        residual = residual[..., 0] - torch.as_tensor(v)[None, :, None]
        built.add_robust(residual, J, torch.ones(1, 40, dtype=torch.float64), CAUCHY, bend)
        return built

    found = minimize(equations, torch.zeros(1, 2, dtype=torch.float64), 100, "it")
    reference = least_squares(
        lambda x: x[0] * u + x[1] - v, np.zeros(2), loss="cauchy", f_scale=bend, xtol=1e-12
    )
    np.testing.assert_allclose(found[0], reference.x, atol=2e-3)
    assert equations(found).cost == pytest.approx(reference.cost, rel=1e-3)


def test_a_cost_that_is_no_number_ends_with_its_name() -> None:
    """A diverged fit would be handed on as a result."""

    def equations(x: torch.Tensor) -> NormalEquations:
        built = NormalEquations(1, 1)
        built.add(x / 0.0, torch.ones(1, 1, 1, dtype=torch.float64))
        return built

    with pytest.raises(StageError, match="the fit of the body diverged: after 0 iterations"):
        minimize(equations, torch.ones(1, 1, dtype=torch.float64), 3, "the fit of the body")
