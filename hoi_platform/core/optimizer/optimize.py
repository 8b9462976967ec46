"""The joint optimization of body and object over all frames of a clip."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import torch

from hoi_platform.core.arrays import Array, Progress
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.config.recon_4dhoi import OptimizationConfig
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.core.optimizer.associations import refreshed
from hoi_platform.core.optimizer.build import build_observations
from hoi_platform.core.optimizer.descent import Descent, loss_history
from hoi_platform.core.optimizer.first_guess import first_guess
from hoi_platform.core.optimizer.hoi_model import HoiModel, TensorSpec
from hoi_platform.core.optimizer.holding import holding
from hoi_platform.core.optimizer.interface import HoiResult, OptimizerInput
from hoi_platform.core.optimizer.observations import Observations
from hoi_platform.core.optimizer.phases import Phase, resolve_phases
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.smoothing import smooth_motion, smooth_object, window_frames
from hoi_platform.core.optimizer.terms.depth_pointcloud import DepthPointcloudParams
from hoi_platform.core.optimizer.variables import OBJECT_VARIABLES, Variables

_REPORT_EVERY: Final = 10
"""Iterations between reports of progress; chosen: about twice a second."""


def optimize(
    inputs: OptimizerInput,
    config: OptimizationConfig,
    progress: Progress | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> HoiResult:
    """Run all phases and the final smoothing; the result is in the world of the clip's scene.

    ``clock`` gives seconds, for ``phase_seconds``. Deterministic for a configuration, a machine
    and a number of threads. Raises ConfigError on an unknown variable or term, StageError when a
    phase diverges, MissingResourceError when the device is not there.
    """
    descent, phases, left_out = prepare(inputs, config)
    seconds = {}
    done, total = 0, sum(phase.iterations for phase in phases)
    for phase in phases:
        start = clock()
        descent.run(phase, _reporter(progress, phase, done, total))
        seconds[phase.name] = clock() - start
        done += phase.iterations
    motion, Ts_world_object = _smoothed(descent, inputs, config)
    return HoiResult(
        motion,
        Ts_world_object,
        loss_history(descent.history),
        _final_values(descent, phases[-1]),
        seconds,
        left_out,
    )


def prepare(
    inputs: OptimizerInput, config: OptimizationConfig
) -> tuple[Descent, tuple[Phase, ...], dict[str, str]]:
    """The descent before its first iteration, its phases, and the terms left out with reasons."""
    phases = resolve_phases(config)
    as_tensor = TensorSpec(torch.float32, _device(config))
    descent = _descent(inputs, phases, config, as_tensor)
    return descent, *_computable(phases, descent.observed)


def _device(config: OptimizationConfig) -> torch.device:
    if config.device == "cuda" and not torch.cuda.is_available():
        raise MissingResourceError(
            "optimization.device is cuda and torch finds no CUDA device; set it to auto or cpu"
        )
    if config.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(config.device)


def _descent(
    inputs: OptimizerInput,
    phases: tuple[Phase, ...],
    config: OptimizationConfig,
    as_tensor: TensorSpec,
) -> Descent:
    rng = np.random.default_rng(config.seed)
    held = holding(inputs)
    model = HoiModel.of(inputs, first_guess(inputs, held), as_tensor, config.seed)
    depth = _depth_params(phases)
    count = depth.num_gt_samples if depth else 0
    observed = build_observations(inputs, model, held, as_tensor, count, rng)

    def refresh(observed: Observations, prediction: Prediction, phase_start: bool) -> Observations:
        return refreshed(observed, prediction, inputs, rng, phase_start)

    variables = Variables.zeros(len(inputs), model.translation)
    return Descent(model, variables, observed, refresh, config.refresh_every)


def _depth_params(phases: tuple[Phase, ...]) -> DepthPointcloudParams | None:
    """Those of the last phase that compares depth."""
    found = [
        t.params for s in phases for t in s.terms if isinstance(t.params, DepthPointcloudParams)
    ]
    return found[-1] if found else None


def _computable(
    phases: tuple[Phase, ...], observed: Observations
) -> tuple[tuple[Phase, ...], dict[str, str]]:
    """The phases without terms that lack what they need and, for a static object, without all
    that moves it; and the reasons."""
    reasons = {
        weighted.name: lacking[0].value
        for phase in phases
        for weighted in phase.terms
        if (lacking := [need for need in weighted.term.needs if observed.lacks(need)])
    }
    hidden = OBJECT_VARIABLES if observed.static_object else frozenset()
    kept = tuple(
        replace(
            phase,
            variables={n: var for n, var in phase.variables.items() if n not in hidden},
            terms=tuple(term for term in phase.terms if term.name not in reasons),
        )
        for phase in phases
    )
    return kept, reasons


def _reporter(
    progress: Progress | None, phase: Phase, done: int, total: int
) -> Callable[[int, float], None]:
    def report(iteration: int, loss: float) -> None:
        last = iteration + 1 == phase.iterations
        if progress is not None and (last or iteration % _REPORT_EVERY == 0):
            text = f"{phase.name} {iteration + 1}/{phase.iterations}, loss {loss:.4g}"
            progress((done + iteration + 1) / total, text)

    return report


def _smoothed(
    descent: Descent, inputs: OptimizerInput, config: OptimizationConfig
) -> tuple[BodyMotion, Array]:
    prediction = Prediction(descent.model, descent.variables)
    fps = inputs.human.motion.fps
    motion = BodyMotion(
        prediction.rotations.double().cpu().numpy(),
        prediction.translation.double().cpu().numpy(),
        fps,
    )
    Ts = prediction.Ts_world_object.double().cpu().numpy()
    window, order = window_frames(config.smoothing_window, fps), config.smoothing_order
    center = descent.model.object_center.double().cpu().numpy()
    rest = descent.observed.contacts.rest
    return smooth_motion(motion, window, order), smooth_object(Ts, center, rest, window, order)


def _final_values(descent: Descent, phase: Phase) -> dict[str, float]:
    with torch.no_grad():
        values = descent.evaluate(phase)
    return {name: float(value) for name, value in values.items()}
