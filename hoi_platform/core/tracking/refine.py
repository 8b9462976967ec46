"""The pose that explains a frame best: Gauss-Newton from each of several starts."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from hoi_platform.core.arrays import Array
from hoi_platform.core.least_squares.normal_equations import NormalEquations
from hoi_platform.core.tracking.frames import COARSE, FINE, FrameEvidence
from hoi_platform.core.tracking.judging import PoseEstimate, score_pose
from hoi_platform.core.tracking.motion import RIDGE, apply_twist, twist_between
from hoi_platform.core.tracking.photometric import (
    Template,
    frame_gain,
    photometric_residuals,
    render,
    template,
)
from hoi_platform.core.tracking.silhouette import (
    Contour,
    Edges,
    contour_of,
    contour_residuals,
    edge_residuals,
    edges_of,
    uncovered_rim,
)
from hoi_platform.core.tracking.view import ObjectModel

_STEPS: Final = 3
"""Number of steps from one rendering to the next; chosen: a rendering costs more than a step."""
_LARGEST_TURN: Final = 0.25
"""Largest rotation of one step (rad); chosen: farther, the rendering no longer holds."""
_SMALL_STEP: Final = (1e-4, 1e-3)
"""Step (m, rad) below which no further one is made; chosen: hundredths of a pixel."""
_SUPERSAMPLED_BELOW_PX: Final = 12000
"""Number of pixels of a window up to which it is rendered with 3 x 3 samples each; chosen: larger
objects have enough."""


class Prior(NamedTuple):
    """A Gaussian about an expected pose."""

    T: Float[Array, "4 4"]
    information: Float[Array, "6 6"]


class Refined(NamedTuple):
    """A pose and the information that the image alone gives about it."""

    T: Float[Array, "4 4"]
    information: Float[Array, "6 6"]


def best_of(
    frame: FrameEvidence,
    starts: Sequence[Float[Array, "4 4"]],
    model: ObjectModel,
    prior: Float[Array, "6 6"],
    wide: bool = False,
) -> PoseEstimate:
    """Refine the most promising starts coarsely and the best of these finely.

    ``prior`` is the information about each start, that keeps unseen directions in place.
    """
    most = model.config.refined_starts[1 if wide else 0]
    promising = _ranked(frame, starts, model)[:most]
    coarse = [refine(frame, T, model, Prior(T, prior), COARSE).T for T in promising]
    T = _ranked(frame, coarse, model)[0]
    pose, information = refine(frame, T, model, Prior(T, prior), FINE)
    return PoseEstimate(pose, information, score_pose(frame, pose, model, 1.0))


def _ranked(
    frame: FrameEvidence, poses: Sequence[Float[Array, "4 4"]], model: ObjectModel
) -> list[Float[Array, "4 4"]]:
    if len(poses) == 1:
        return list(poses)
    scores = [score_pose(frame, T, model).total for T in poses]
    return [poses[i] for i in np.argsort(scores)[::-1]]


def refine(
    frame: FrameEvidence, T: Float[Array, "4 4"], model: ObjectModel, prior: Prior, level: int
) -> Refined:
    """Render, linearize and step a few times; without the object in view ``T`` is returned."""
    information = np.zeros((6, 6))
    for _ in range(model.config.renderings):
        rendered = _rendered(frame, T, model, level)
        if rendered is None:
            break
        for _ in range(_STEPS):
            equations = _of_image(frame, T, rendered, model, level)
            information = equations.blocks[0, 0].copy()
            away = twist_between(prior.T, T, model.center)
            equations.add_quadratic(prior.information[None], (prior.information @ away)[None])
            step = _limited(equations.step(ridge=RIDGE)[0])
            T = apply_twist(T, step, model.center)
            if (np.abs(step).reshape(2, 3).max(axis=1) < _SMALL_STEP).all():
                break
    return Refined(T, information)


def _limited(step: Float[Array, "6"]) -> Float[Array, "6"]:
    turn = float(np.linalg.norm(step[3:]))
    return step if turn <= _LARGEST_TURN else step * (_LARGEST_TURN / turn)


class _Rendered(NamedTuple):
    """What a frame is compared with, from one rendering."""

    T: Float[Array, "4 4"]
    template: Template
    contour: Contour
    edges: Edges | None  # the fine level only


def _rendered(
    frame: FrameEvidence, T: Float[Array, "4 4"], model: ObjectModel, level: int
) -> _Rendered | None:
    sigma = model.config.blur_px[level]
    margin = int(3 * sigma) + 2
    view = model.caster.view(T, _stride(T, model, level, margin), margin)
    if view is None:
        return None
    R = T[:3, :3]
    rendering = render(view, R, model.lighting, frame_gain(frame, view, R, model.lighting))
    rim = uncovered_rim(view, frame, model.camera)
    return _Rendered(
        T,
        template(frame, view, rendering, level, sigma),
        contour_of(view, rim, frame),
        edges_of(view, rendering.colors, rim, frame, model) if level == FINE else None,
    )


def _stride(T: Float[Array, "4 4"], model: ObjectModel, level: int, margin_px: int) -> float:
    window = model.caster.window(T, margin_px)
    if level != FINE or window is None:
        return 1.0
    area = (window[0].stop - window[0].start) * (window[1].stop - window[1].start)
    return 1 / 3 if area < _SUPERSAMPLED_BELOW_PX else 1.0


def _of_image(
    frame: FrameEvidence,
    T: Float[Array, "4 4"],
    rendered: _Rendered,
    model: ObjectModel,
    level: int,
) -> NormalEquations:
    """The image's evidence about the twist of ``T``: one frame, six unknowns."""
    twist = twist_between(rendered.T, T, model.center)
    evidence = [
        photometric_residuals(frame, rendered.template, T, twist, model, level),
        contour_residuals(frame, rendered.contour, T, model, level),
    ]
    if rendered.edges is not None:
        evidence.append(edge_residuals(rendered.edges, T, model))
    equations = NormalEquations(frames=1, size=6)
    for values, J, weights in evidence:
        equations.add(values[None], J[None], weights=weights[None])
    return equations
