"""The joint optimization of body and object over all frames of a clip."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.config.recon_4dhoi import OptimizationConfig
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.optimizer.associations import refreshed
from hoi_platform.core.optimizer.build import build_targets
from hoi_platform.core.optimizer.descent import Descent, loss_history
from hoi_platform.core.optimizer.first_guess import first_guess
from hoi_platform.core.optimizer.hoi_model import HoiModel, Kind
from hoi_platform.core.optimizer.holding import holding
from hoi_platform.core.optimizer.observation import HoiObservation
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.result import HoiResult
from hoi_platform.core.optimizer.smoothing import smooth_motion, smooth_object, window_frames
from hoi_platform.core.optimizer.stages import Stage, resolve_stages
from hoi_platform.core.optimizer.targets import Targets
from hoi_platform.core.optimizer.terms.depth_pointcloud import DepthPointcloudParams
from hoi_platform.core.optimizer.variables import OBJECT_VARIABLES, Variables

Progress = Callable[[float, str], None]
_REPORT_EVERY = 10


def optimize(
    observation: HoiObservation,
    config: OptimizationConfig,
    progress: Progress | None = None,
    clock: Callable[[], float] = lambda: 0.0,
) -> HoiResult:
    """Run all stages and the final smoothing; the result is in the world of the clip's scene.

    ``clock`` gives seconds, for ``stage_seconds``. Deterministic for a configuration, a machine
    and a number of threads. Raises ConfigError on an unknown variable or term, StageError when a
    stage diverges, MissingResourceError when the device is not there.
    """
    descent, stages, left_out = prepare(observation, config)
    seconds = {}
    done, total = 0, sum(stage.iterations for stage in stages)
    for stage in stages:
        start = clock()
        descent.run(stage, _reporter(progress, stage, done, total))
        seconds[stage.name] = clock() - start
        done += stage.iterations
    motion, Ts_world_object = _smoothed(descent, observation, config)
    return HoiResult(
        motion,
        Ts_world_object,
        loss_history(descent.history),
        _final_values(descent, stages[-1]),
        seconds,
        left_out,
    )


def prepare(
    observation: HoiObservation, config: OptimizationConfig
) -> tuple[Descent, tuple[Stage, ...], dict[str, str]]:
    """The descent before its first iteration, its stages, and the terms left out with reasons."""
    stages = resolve_stages(config)
    kind = Kind(torch.float32, _device(config))
    descent = _descent(observation, stages, config, kind)
    return descent, *_computable(stages, descent.targets, observation.static_object)


def _device(config: OptimizationConfig) -> torch.device:
    if config.device == "cuda" and not torch.cuda.is_available():
        raise MissingResourceError(
            "optimization.device is cuda and torch finds no CUDA device; set it to auto or cpu"
        )
    if config.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(config.device)


def _descent(
    observation: HoiObservation, stages: tuple[Stage, ...], config: OptimizationConfig, kind: Kind
) -> Descent:
    rng = np.random.default_rng(config.seed)
    held = holding(observation)
    model = HoiModel.of(observation, first_guess(observation, held), kind, config.seed)
    depth = _depth_params(stages)
    count = depth.num_gt_samples if depth else 0
    targets = build_targets(observation, model, held, kind, count, rng)

    def refresh(targets: Targets, prediction: Prediction, stage_start: bool) -> Targets:
        return refreshed(targets, prediction, observation, rng, stage_start)

    variables = Variables.zeros(len(observation), model.translation)
    return Descent(model, variables, targets, refresh, config.refresh_every)


def _depth_params(stages: tuple[Stage, ...]) -> DepthPointcloudParams | None:
    """Those of the last stage that compares depth."""
    found = [
        t.params for s in stages for t in s.terms if isinstance(t.params, DepthPointcloudParams)
    ]
    return found[-1] if found else None


def _computable(
    stages: tuple[Stage, ...], targets: Targets, static_object: bool
) -> tuple[tuple[Stage, ...], dict[str, str]]:
    """The stages without terms that lack their measurement and, for a static object, without all
    that moves it; and the reasons."""
    reasons: dict[str, str] = {}
    for stage in stages:
        for weighted in stage.terms:
            if static_object and weighted.term.moving_object:
                reasons[weighted.name] = "the object is static"
            elif missing := weighted.term.missing(targets):
                reasons[weighted.name] = missing
    hidden = OBJECT_VARIABLES if static_object else frozenset()
    kept = tuple(
        replace(
            stage,
            variables={n: var for n, var in stage.variables.items() if n not in hidden},
            terms=tuple(term for term in stage.terms if term.name not in reasons),
        )
        for stage in stages
    )
    return kept, reasons


def _reporter(
    progress: Progress | None, stage: Stage, done: int, total: int
) -> Callable[[int, float], None]:
    def report(iteration: int, loss: float) -> None:
        last = iteration + 1 == stage.iterations
        if progress is not None and (last or iteration % _REPORT_EVERY == 0):
            text = f"{stage.name} {iteration + 1}/{stage.iterations}, loss {loss:.4g}"
            progress((done + iteration + 1) / total, text)

    return report


def _smoothed(
    descent: Descent, observation: HoiObservation, config: OptimizationConfig
) -> tuple[BodyMotion, Array]:
    prediction = Prediction(descent.model, descent.variables)
    fps = observation.human.motion.fps
    motion = BodyMotion(
        prediction.rotations.double().cpu().numpy(),
        prediction.translation.double().cpu().numpy(),
        fps,
    )
    Ts = prediction.Ts_world_object.double().cpu().numpy()
    window, order = window_frames(config.smoothing_window, fps), config.smoothing_order
    center = descent.model.object_center.double().cpu().numpy()
    rest = descent.targets.contact.rest
    return smooth_motion(motion, window, order), smooth_object(Ts, center, rest, window, order)


def _final_values(descent: Descent, stage: Stage) -> dict[str, float]:
    with torch.no_grad():
        values = descent.evaluate(stage)
    return {name: float(value) for name, value in values.items()}
