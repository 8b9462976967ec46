"""Checks the shapes that annotations state, in calls and dataclasses of these packages.

Only in the packages' own tests: a check costs 35 µs, and a performance makes many small calls.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from beartype import beartype
from jaxtyping import AbstractArray, config, install_import_hook

_OF_CORE: Final = Path(__file__).parent / "core"
PACKAGES: Final = (
    "body",
    "geometry",
    "least_squares",
    "metrics",
    "optimizer",
    "segmentation",
    "tracking",
)
"""Of ``hoi_platform.core``, where shapes are written as types."""
_OWN: Final = {(name,) for name in (*PACKAGES, "test_shapes.py")}


def prepare_shapes() -> None:
    """Let these packages' modules be checked; none of them may have been imported before."""
    modules = [f"hoi_platform.core.{name}" for name in PACKAGES]
    install_import_hook(modules, f"{__name__}.checked")


def check_shapes_in(test_file: Path) -> None:
    """Check from now on if the tests of this file are those of a package, or of the checks."""
    where = test_file.relative_to(_OF_CORE).parts if test_file.is_relative_to(_OF_CORE) else ()
    config.update("jaxtyping_disable", where[:1] not in _OWN)


def checked(function: Callable) -> Callable:
    """Check the parameters and results whose type states a shape; mypy knows the others better."""
    hints = function.__annotations__
    function.__annotations__ = {k: _loose(hint) for k, hint in hints.items() if _has_shape(hint)}
    return beartype(function) if function.__annotations__ else function


def _is_shape(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, AbstractArray)


def _has_shape(hint: Any) -> bool:
    return _is_shape(hint) or any(_has_shape(part) for part in get_args(hint))


def _loose(hint: Any) -> Any:
    """Numpy makes scalars of arrays without dimensions: they pass for what they are."""
    if get_origin(hint) is tuple:
        return tuple[tuple(_loose(part) for part in get_args(hint))]
    return hint.dtype[Any, hint.dim_str] if _is_shape(hint) else hint
