"""The banded solver against dense linear algebra."""

import numpy as np
import torch

from hoi_platform.core.body.fitting.gauss_newton import minimize
from hoi_platform.core.body.fitting.linearization import Linear
from hoi_platform.core.body.fitting.normal_equations import NormalEquations
from hoi_platform.core.body.fitting.terms.temporal_smoothness import ACCELERATION

T, P, M = 7, 3, 4


def problem() -> tuple[NormalEquations, np.ndarray, np.ndarray]:
    """Random residuals in banded form, and the same as one dense J and residual."""
    rng = np.random.default_rng(1)
    residual, J = rng.normal(size=(T, M)), rng.normal(size=(T, M, P))
    values, J_values = rng.normal(size=(T, 2)), rng.normal(size=(T, 2, P))
    weights = rng.uniform(0.5, 2, size=(T - 2, 2))
    equations = NormalEquations(T, P)
    tensor = torch.as_tensor
    equations.add_frame_residuals(tensor(residual), tensor(J))
    equations.add_differences(ACCELERATION, tensor(values), tensor(J_values), tensor(weights))
    rows, targets = [], []
    for t in range(T):
        for m in range(M):
            row = np.zeros((T, P))
            row[t] = J[t, m]
            rows.append(row.ravel())
            targets.append(residual[t, m])
    for t in range(T - 2):
        for m in range(2):
            row, value = np.zeros((T, P)), 0.0
            for k, c in enumerate(ACCELERATION):
                row[t + k] += c * weights[t, m] * J_values[t + k, m]
                value += c * weights[t, m] * values[t + k, m]
            rows.append(row.ravel())
            targets.append(value)
    return equations, np.array(rows), np.array(targets)


def test_step_solves_the_dense_least_squares() -> None:
    """A block in the wrong place of the band would give a wrong step that still looks fine."""
    equations, J, residual = problem()
    dense = np.linalg.lstsq(J, -residual, rcond=None)[0]
    np.testing.assert_allclose(equations.step(0.0).numpy().ravel(), dense, atol=1e-6)
    assert np.isclose(equations.cost, 0.5 * residual @ residual)


def test_constant_velocity_is_free() -> None:
    """The reference's smoothness punishes walking; ours must not."""
    values = torch.linspace(0, 5, T, dtype=torch.float64)[:, None]
    equations = NormalEquations(T, 1)
    ones = torch.ones(T, 1, 1, dtype=torch.float64)
    equations.add_differences(ACCELERATION, values, ones, torch.ones(1, 1, dtype=torch.float64))
    assert equations.cost < 1e-20


def test_robust_cost_is_cauchy() -> None:
    """Far residuals must cost logarithmically, near ones quadratically."""
    for size, expected in ((0.01, 0.5 * 0.01**2), (100.0, 0.5 * 4 * np.log1p(100.0**2 / 4))):
        equations = NormalEquations(1, 1)
        residual = torch.full((1, 1, 1), size, dtype=torch.float64)
        J = torch.ones(1, 1, 1, 1, dtype=torch.float64)
        equations.add_robust(Linear(residual, J), torch.ones(1, 1, dtype=torch.float64), 2.0)
        np.testing.assert_allclose(equations.cost, expected, rtol=1e-4)


def test_minimize_reaches_the_optimum_of_rosenbrock() -> None:
    """Damping must grow when a step fails and shrink when it works."""

    def equations(x: torch.Tensor) -> NormalEquations:
        built = NormalEquations(1, 2)
        residual = torch.stack([10 * (x[:, 1] - x[:, 0] ** 2), 1 - x[:, 0]], dim=1)
        J = torch.zeros(1, 2, 2, dtype=torch.float64)
        J[0, 0, 0], J[0, 0, 1], J[0, 1, 0] = -20 * x[0, 0], 10, -1
        built.add_frame_residuals(residual, J)
        return built

    start = torch.tensor([[-1.2, 1.0]], dtype=torch.float64)
    np.testing.assert_allclose(minimize(equations, start, 60), [[1.0, 1.0]], atol=1e-4)
