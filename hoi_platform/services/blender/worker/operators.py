"""Calls to Blender's operators that cannot fail silently."""

from collections.abc import Callable
from typing import Any


class OperatorError(RuntimeError):
    """An operator of Blender was cancelled or returned something other than FINISHED."""


def finished(operator: Callable[..., set[str]], **arguments: Any) -> None:
    """Run an operator; raises OperatorError unless it reports FINISHED."""
    try:
        result = operator(**arguments)
    except RuntimeError as error:
        raise OperatorError(f"{operator} failed: {str(error).strip()}") from error
    if "FINISHED" not in result:
        raise OperatorError(f"{operator} did not finish: {sorted(result)}")
