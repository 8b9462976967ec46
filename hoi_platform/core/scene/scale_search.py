"""The search for an object's metric scale by answers of "small", "big" or "correct".

Doubling or halving until the answer flips, then bisection (of the logarithm, as the steps are
factors). The search fails without a bracket; no missing answer counts as "correct".
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, Final, Literal

from hoi_platform.core.errors import StageError

Answer = Literal["small", "big", "correct"]
START: Final = 0.1
"""Factor of the mesh's units that is asked about first; GRAIL."""


@dataclass(frozen=True)
class ScaleStep:
    """One question and its answer."""

    iteration: int
    scale: float
    response: Answer
    prompt: str = ""
    raw: str = ""
    """The model's answer, word for word."""
    image: str = ""
    """The image that it was shown, relative to the previews' folder."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ScaleSearch:
    """The scale that was found and the way to it."""

    scale: float
    steps: tuple[ScaleStep, ...]


def search_scale(
    ask: Callable[[int, float], ScaleStep], max_iterations: int, start: float = START
) -> ScaleSearch:
    """Ask about scales until the answer is "correct" or ``max_iterations`` are used up.

    The result is then the middle of the bracket. Raises StageError, which lists the answers,
    when all of them were on one side.
    """
    scale, too_small, too_big = start, None, None
    steps: list[ScaleStep] = []
    for iteration in range(1, max_iterations + 1):
        step = ask(iteration, scale)
        steps.append(step)
        if step.response == "correct":
            return ScaleSearch(scale, tuple(steps))
        if step.response == "small":
            too_small = scale
        else:
            too_big = scale
        scale = _next(too_small, too_big)
    if too_small is None or too_big is None:
        said = ", ".join(f"{s.scale:g}: {s.response}" for s in steps)
        raise StageError(
            f"no scale found in {max_iterations} questions: every answer was on one side "
            f"({said}); raise scale.max_iterations or give the object a scale"
        )
    return ScaleSearch(scale, tuple(steps))


def _next(too_small: float | None, too_big: float | None) -> float:
    if too_small is not None and too_big is not None:
        return sqrt(too_small * too_big)
    if too_small is not None:
        return 2 * too_small
    assert too_big is not None
    return too_big / 2
