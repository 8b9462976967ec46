"""Judges whether a stated cost is believable."""

from decimal import Decimal
from typing import Final

_ABSURD_FACTOR: Final = 20
"""Multiple of the estimate beyond which a cost is not believed; chosen."""
_ABSURD_USD: Final = Decimal(1)
"""Costs up to this (USD) are always believed; chosen."""
_MOST_USD: Final = Decimal(100_000)
"""Costs beyond this (USD) are never believed; chosen."""


def cost_problem(cost: Decimal, estimate: Decimal, *, confirmed: bool = False) -> str | None:
    """Why ``cost`` (USD) cannot be right; None when it can.

    Beyond 20 times the estimate and 1 USD it is more likely another unit or currency, unless a
    person has confirmed it.
    """
    if not cost.is_finite():
        return f"{cost} is not an amount of money"
    if cost < 0:
        return f"{cost} USD is negative"
    if cost > _MOST_USD:
        return f"{cost:.2f} USD is more than {_MOST_USD} USD"
    if not confirmed and cost > _ABSURD_USD and cost > _ABSURD_FACTOR * estimate:
        return f"{cost:.2f} USD is over {_ABSURD_FACTOR} times the estimate of {estimate:.2f} USD"
    return None
