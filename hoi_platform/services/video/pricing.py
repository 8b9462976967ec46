"""List prices of image-to-video, for estimates and budgets. They are stated here only. Second-hand,
collected 2026-11 (public price pages of Kling's resellers, silent video); resource packs are
cheaper. A model that is not listed is estimated at the highest price, so that a budget errs on the
safe side.
"""

from decimal import Decimal
from typing import Final

# Model → USD per second of video at std (720p) and pro (1080p).
_USD_PER_SECOND: Final[dict[str, tuple[str, str]]] = {
    "kling-v1": ("0.028", "0.098"),
    "kling-v1-5": ("0.056", "0.098"),
    "kling-v1-6": ("0.056", "0.098"),
    "kling-v2-master": ("0.28", "0.28"),
    "kling-v2-1": ("0.056", "0.098"),
    "kling-v2-1-master": ("0.28", "0.28"),
    "kling-v2-5-turbo": ("0.042", "0.07"),
    "kling-v2-6": ("0.042", "0.07"),
    "kling-v3": ("0.084", "0.112"),
    "kling-2.5-turbo": ("0.042", "0.07"),
    "kling-2.6": ("0.042", "0.07"),
    "kling-3.0-turbo": ("0.112", "0.14"),
    "kling-3.0": ("0.084", "0.112"),
}
_DEAREST: Final = "0.28"
_MOST_USD: Final = Decimal(1000)
"""Largest believable price of a video (USD); chosen: a video costs a few USD, and more is a
reporting mistake."""

UNIT_USD: Final = Decimal("0.14")
"""List price of one unit of a resource pack (2.5 units for 5 s of 2.5 Turbo pro)."""


def video_price_usd(model: str, mode: str, seconds: float) -> Decimal:
    """What a video of this model, mode (``std`` or ``pro``) and length is expected to cost."""
    std, pro = _USD_PER_SECOND.get(model, (_DEAREST, _DEAREST))
    return Decimal(pro if mode == "pro" else std) * Decimal(str(seconds))


def plausible_usd(amount: Decimal) -> Decimal | None:
    """A reported cost; None when it is not finite, negative or absurd: the estimate stands."""
    return amount if amount.is_finite() and 0 <= amount <= _MOST_USD else None
