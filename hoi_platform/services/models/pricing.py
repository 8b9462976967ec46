"""What questions to vision models cost, for estimates and the ledger."""

from decimal import Decimal
from typing import Final

# Model → USD per million input and output tokens (list prices, 2026-11); others by "default".
PRICES_USD: Final[dict[str, tuple[Decimal, Decimal]]] = {
    "gpt-4o": (Decimal("2.50"), Decimal("10.00")),
    "gpt-4o-mini": (Decimal("0.15"), Decimal("0.60")),
    "default": (Decimal("5.00"), Decimal("15.00")),
}
_TOKENS_PER_IMAGE: Final = 1_500
"""Tokens of a picture for an estimate; chosen at about twice what OpenAI counts."""
_CHARACTERS_PER_TOKEN: Final = 3
"""Characters of a token for an estimate; chosen below the four that OpenAI states for English."""


def price_usd(model: str, tokens_in: int, tokens_out: int) -> Decimal:
    """List price of a call."""
    price_in, price_out = PRICES_USD.get(model, PRICES_USD["default"])
    return (tokens_in * price_in + tokens_out * price_out) / 1_000_000


def estimate_usd(model: str, characters: int, images: int, max_tokens: int) -> Decimal:
    """What a call will cost at most: its text and images in, all of its tokens out."""
    tokens_in = characters // _CHARACTERS_PER_TOKEN + _TOKENS_PER_IMAGE * images
    return price_usd(model, tokens_in, max_tokens)
