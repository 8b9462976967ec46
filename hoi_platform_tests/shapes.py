"""Checks the shapes that annotations state, in every call and dataclass of these packages."""

from collections.abc import Callable
from typing import Any, Final, get_args, get_origin

from beartype import beartype
from jaxtyping import AbstractArray, install_import_hook

PACKAGES: Final = tuple(
    f"hoi_platform.core.{name}"
    for name in (
        "geometry",
        "least_squares",
        "metrics",
        "tracking",
        "body",
        "segmentation",
        "optimizer",
    )
)
"""Where shapes are written as types; none of their modules may have been imported before."""


def check_shapes() -> None:
    """Check each of these packages' modules from its import on."""
    install_import_hook(PACKAGES, f"{__name__}.checked")


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
