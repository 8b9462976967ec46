"""Shapes that annotations state are checked in these tests and cost the product nothing."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from jaxtyping import Float, TypeCheckError, jaxtyped

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import split_twist
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.torch_rotations import skew
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.least_squares.normal_equations import NormalEquations
from hoi_platform.core.metrics.joints import mpjpe_mm
from hoi_platform.core.tracking.motion import apply_twist
from hoi_platform_tests.shapes import checked

_FACES = np.zeros((1, 3), np.int64)
_WRONG: dict[str, Callable[[], object]] = {
    "geometry, a matrix that is no transform": lambda: transform_points(np.eye(3), np.ones((5, 3))),
    "geometry, a field": lambda: TriangleMesh(np.ones((4, 2)), _FACES),
    "geometry, numbers that are no indices": lambda: TriangleMesh(np.ones((4, 3)), _FACES * 1.0),
    "geometry, a tensor": lambda: skew(torch.ones(2)),
    "body, an axis": lambda: split_twist(np.eye(3), np.ones(4)),
    "metrics, sizes that disagree": lambda: mpjpe_mm(np.ones((4, 22, 3)), np.ones((5, 22, 3))),
    "tracking, a twist": lambda: apply_twist(np.eye(4), np.ones(5), np.zeros(3)),
    "least squares, a size that an object has": lambda: NormalEquations(2, 6).add(
        np.ones((2, 1)), np.ones((2, 1, 5))
    ),
}


@pytest.mark.parametrize("call", _WRONG.values(), ids=_WRONG)
def test_a_wrong_shape_is_an_error(call: Callable[[], object]) -> None:
    """An annotation could state a shape that no caller keeps."""
    with pytest.raises(TypeCheckError):
        call()


def test_a_wrong_result_is_an_error() -> None:
    """An annotation could state a shape that the function does not return."""

    @jaxtyped(typechecker=checked)
    def lengths(p: Float[Array, "N 3"], right: bool) -> Float[Array, " N"]:
        return np.linalg.norm(p, axis=1, keepdims=not right)

    assert lengths(np.ones((5, 3)), True).shape == (5,)
    with pytest.raises(TypeCheckError):
        lengths(np.ones((5, 3)), False)


def test_the_product_checks_nothing_and_loads_no_checker() -> None:
    """Every call would pay for the tests' checks, every start for torch."""
    code = (
        "import sys, numpy as np\n"
        "from hoi_platform.core.geometry.mesh import TriangleMesh\n"
        "TriangleMesh(np.ones((4, 2)), np.zeros((1, 3)))\n"
        "print(sorted({'beartype', 'torch', 'jax'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
