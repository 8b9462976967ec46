"""Hypothesis strategies that several suites share; each includes its near-degenerate samples."""

import numpy as np
from hypothesis import strategies as st

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid

_TINY_ANGLES = (0.0, 1e-12, 1e-7, np.pi / 2, np.pi - 1e-7, np.pi)


def numbers(least: float, greatest: float) -> st.SearchStrategy[float]:
    """Finite, both ends included."""
    return st.floats(least, greatest, allow_nan=False, allow_infinity=False)


def vectors(size: float = 1.0) -> st.SearchStrategy[Array]:
    """(3,) with coordinates up to ``size``; axis-parallel ones and zero among them."""
    coordinate = st.one_of(st.sampled_from((0.0, size, -size)), numbers(-size, size))
    return st.tuples(coordinate, coordinate, coordinate).map(np.array)


def unit_vectors() -> st.SearchStrategy[Array]:
    """(3,) of length one."""
    return vectors().filter(lambda v: np.linalg.norm(v) > 1e-3).map(lambda v: v / np.linalg.norm(v))


def rotation_vectors(largest: float = np.pi) -> st.SearchStrategy[Array]:
    """(3,) in radians; angles of 0, nearly 0, π/2, nearly π and π among them."""
    special = st.sampled_from([a for a in _TINY_ANGLES if a <= largest])
    angles = st.one_of(special, numbers(0.0, largest))
    return st.builds(lambda axis, angle: axis * angle, unit_vectors(), angles)


def rotations(largest: float = np.pi) -> st.SearchStrategy[Array]:
    """(3, 3) that turn by at most ``largest`` radians."""
    return rotation_vectors(largest).map(matrix_from_axis_angle)


def poses(distance: float = 1.0, largest: float = np.pi) -> st.SearchStrategy[Array]:
    """Rigid (4, 4)."""
    return st.builds(rigid, rotations(largest), vectors(distance))


def twists(meters: float = 0.05, radians: float = 0.5) -> st.SearchStrategy[Array]:
    """(6,) small motions (v, ω)."""
    return st.builds(lambda v, w: np.r_[v, w], vectors(meters), rotation_vectors(radians))


def shares_of_a_limit() -> st.SearchStrategy[float]:
    """Factors on both sides of one, some close to it."""
    below, above = numbers(0.3, 0.97), numbers(1.03, 1.12)
    return st.one_of(st.sampled_from((0.97, 1.03)), below, above)
