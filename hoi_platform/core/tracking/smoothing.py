"""The most probable trajectory when every frame's pose has an information matrix."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.tracking.se3 import moved, twist_between

_ROUNDS = 4


def smoothed(
    Ts: Array,
    informations: Array,
    fixed: NDArray[np.bool_],
    center: Array,
    acceleration: tuple[float, float],
) -> Array:
    """Weigh measured poses (T, 4, 4) against a smooth motion; returns poses (T, 4, 4).

    Minimizes Σ ξᵀ H ξ over the twists ξ from the measured poses plus the squared change of
    velocity, whose standard deviation per frame is ``acceleration`` (meters, radians) and which
    large changes outgrow (Cauchy weights: grasps and stops). Where ``fixed`` (T,) is true the
    pose stays exactly. Frames without information (zeros) are bridged smoothly.
    """
    result = Ts.copy()
    if len(Ts) < 3 or fixed.all():
        return result
    for _ in range(_ROUNDS):
        result = _step(result, Ts, informations, fixed, center, acceleration)
    return result


def _step(
    current: Array,
    Ts: Array,
    informations: Array,
    fixed: NDArray[np.bool_],
    center: Array,
    acceleration: tuple[float, float],
) -> Array:
    count = len(Ts)
    velocity = twist_between(current[:-1], current[1:], center)
    change = np.diff(velocity, axis=0) / np.repeat(acceleration, 3)
    weight = np.stack(
        [1 / (1 + (change[:, k : k + 3] ** 2).sum(axis=1) / 9.0) for k in (0, 3)], axis=1
    )
    scaled = np.repeat(weight / np.square(acceleration), 3, axis=1)  # (T - 2, 6)
    A = np.zeros((count, 3, 6, 6))  # blocks (t, t), (t, t + 1), (t, t + 2)
    b = np.zeros((count, 6))
    A[:, 0] = informations + 1e-6 * np.eye(6)
    b += np.einsum("tij,tj->ti", informations, twist_between(Ts, current, center))
    raw = np.diff(velocity, axis=0)
    for i, ci in enumerate((1.0, -2.0, 1.0)):
        rows = slice(i, count - 2 + i)
        b[rows] += ci * scaled * raw
        for j, cj in enumerate((1.0, -2.0, 1.0)):
            if j >= i:
                A[rows, j - i] += ci * cj * scaled[:, :, None] * np.eye(6)
    A[fixed, 0] += 1e12 * np.eye(6)
    step = -solveh_banded(_banded(A), b.reshape(-1), lower=True).reshape(count, 6)
    result = current.copy()
    for t in np.flatnonzero(~fixed):
        result[t] = moved(current[t], step[t], center)
    return result


def _banded(A: Array) -> Array:
    """Blocks of a symmetric block-pentadiagonal matrix → scipy's lower banded form."""
    count = len(A)
    n = 6 * count
    banded = np.zeros((18, n))
    for block in range(3):
        for r in range(6):
            for c in range(6):
                offset = 6 * block + r - c
                if offset < 0:
                    continue
                columns = 6 * np.arange(count - block) + c
                banded[offset, columns] = A[: count - block, block, c, r]
    return banded
