"""What the optimizer costs: seconds per iteration and per term on a synthetic clip."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.config.recon_4dhoi import OptimizationConfig
from hoi_platform.core.optimizer.descent import Descent
from hoi_platform.core.optimizer.optimize import prepare
from hoi_platform.core.optimizer.phases import Phase
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.synthetic import synthetic_clip

T = TypeVar("T")
_REPEATS: Final = 10
"""Number of evaluations of a term; chosen."""
_ITERATIONS: Final = 20
"""Iterations of each phase that are timed; chosen: they are alike."""


@dataclass(frozen=True)
class OptimizerCost:
    """Times of one machine; a phase's iterations include their share of the refreshes."""

    frames: int
    setup_s: float
    total_s: float
    """Estimated for the configured number of iterations."""
    iteration_ms: dict[str, float]
    """Phase → mean over its first iterations."""
    phase_start_ms: float
    """The refresh at the start of a phase, which renews the body's visibility."""
    refresh_ms: float
    """Every other refresh."""
    term_ms: dict[str, float]
    """Term → forward and backward, with all that it needs of the prediction."""

    def lines(self) -> list[str]:
        """The figures as text."""
        phases = [f"{name:28s} {ms:9.2f} ms/iteration" for name, ms in self.iteration_ms.items()]
        terms = sorted(self.term_ms.items(), key=lambda item: -item[1])
        return [
            f"{self.frames} frames: about {self.total_s:.1f} s, set-up {self.setup_s:.1f} s",
            *phases,
            f"{'refresh at a phase start':28s} {self.phase_start_ms:9.2f} ms",
            f"{'refresh':28s} {self.refresh_ms:9.2f} ms",
            *(f"  {name:26s} {ms:9.2f} ms" for name, ms in terms),
        ]


def benchmark_optimizer(
    body: BodyModel,
    config: OptimizationConfig,
    frames: int = 49,
    width_px: int = 640,
    *,
    clock: Callable[[], float],
) -> OptimizerCost:
    """Measure a synthetic clip of ``frames`` frames at 12 fps."""
    inputs = synthetic_clip(body, frames, 12.0, frames // 4, width_px).inputs
    (descent, phases, _), setup = _timed(clock, lambda: prepare(inputs, config))
    prediction = Prediction(descent.model, descent.variables)
    descent.observed, first = _timed(
        clock, lambda: descent.refresh(descent.observed, prediction, True)
    )
    _, refresh = _timed(clock, lambda: descent.refresh(descent.observed, prediction, False))
    term_ms = _term_ms(descent, phases[-1], clock)
    iteration_ms = {}
    descent.refresh = lambda observed, *_: observed
    descent.run(replace(phases[0], iterations=1), lambda *_: None)  # loads what torch.optim needs
    for phase in phases:
        short = replace(phase, iterations=_ITERATIONS)
        _, seconds = _timed(clock, partial(descent.run, short, lambda *_: None))
        iteration_ms[phase.name] = 1000 * (seconds / _ITERATIONS + refresh / config.refresh_every)
    total = sum(iteration_ms[phase.name] * phase.iterations / 1000 + first for phase in phases)
    return OptimizerCost(
        frames=frames,
        setup_s=setup,
        total_s=setup + total,
        iteration_ms=iteration_ms,
        phase_start_ms=1000 * first,
        refresh_ms=1000 * refresh,
        term_ms=term_ms,
    )


def _timed(clock: Callable[[], float], function: Callable[[], T]) -> tuple[T, float]:
    start = clock()
    return function(), clock() - start


def _term_ms(descent: Descent, phase: Phase, clock: Callable[[], float]) -> dict[str, float]:
    """Each term alone, from the variables to their gradients."""
    tensors = descent.variables.tensors()
    for name in phase.variables:
        tensors[name].requires_grad_(True)
    result = {}
    for weighted in phase.terms:
        start = clock()
        for _ in range(_REPEATS):
            prediction = Prediction(descent.model, descent.variables)
            value = weighted.term.function(prediction, descent.observed, weighted.params)
            value.backward()
        result[weighted.name] = 1000 * (clock() - start) / _REPEATS
    for tensor in tensors.values():
        tensor.grad = None
    return result
