"""How a backend reports its progress."""

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""Called with the fraction done in [0, 1] and what is being done."""


def silent(_fraction: float, _text: str) -> None:
    """Progress that nobody watches."""
