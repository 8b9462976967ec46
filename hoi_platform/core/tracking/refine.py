"""Gauss-Newton from a starting pose to the pose that explains a frame best."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.tracking.appearance import Template, frame_gain, render, template
from hoi_platform.core.tracking.contour import (
    Contour,
    contour_of,
    contour_term,
    uncovered_rim,
)
from hoi_platform.core.tracking.edges import Edges, edge_term, edges_of
from hoi_platform.core.tracking.evidence import BLUR_PX, FINE, FrameEvidence
from hoi_platform.core.tracking.lighting import Lighting
from hoi_platform.core.tracking.se3 import moved, twist_between
from hoi_platform.core.tracking.terms import NormalEquations, photometric_term, prior_term
from hoi_platform.core.tracking.view import SurfaceCaster

CONTOUR_SOFT_PX = (5.0, 2.0)
"""Robust scale of the contour term at the coarse and the fine level."""
_INNER_STEPS = 3
_SUPERSAMPLED_BELOW_PX = 12000
"""Windows (px) up to this are rendered with 3 x 3 samples per pixel."""
_LARGEST_TURN = 0.25
"""Largest rotation of one step (radians)."""


@dataclass(frozen=True)
class Model:
    """What stays the same while one frame is tracked."""

    caster: SurfaceCaster
    lighting: Lighting

    @property
    def camera(self) -> Camera:
        return self.caster.camera

    @property
    def center(self) -> Array:
        return self.caster.surface.center


class Prior(NamedTuple):
    """A Gaussian about an expected pose."""

    T: Array  # (4, 4)
    information: Array  # (6, 6)


class Refined(NamedTuple):
    """A pose and the information that the image alone gives about it."""

    T: Array  # (4, 4)
    information: Array  # (6, 6)


def refine(
    frame: FrameEvidence, T: Array, model: Model, prior: Prior, level: int, rounds: int
) -> Refined:
    """Render, linearize and step ``rounds`` times; without the object in view T is returned."""
    information = np.zeros((6, 6))
    for _ in range(rounds):
        rendered = _rendered(frame, T, model, level)
        if rendered is None:
            break
        for _ in range(_INNER_STEPS):
            image = _image_terms(frame, T, rendered, model, level)
            step = _step(image + prior_term(T, prior.T, prior.information, model.center))
            T = moved(T, step, model.center)
            information = image.H
            if np.abs(step[:3]).max() < 1e-4 and np.abs(step[3:]).max() < 1e-3:
                break
    return Refined(T, information)


class _Rendered(NamedTuple):
    """What one rendering is compared by."""

    T: Array
    template: Template
    contour: Contour
    edges: Edges | None  # the fine level only


def _rendered(frame: FrameEvidence, T: Array, model: Model, level: int) -> _Rendered | None:
    margin = int(3 * BLUR_PX[level]) + 2
    view = model.caster.view(T, _stride(T, model, level, margin), margin)
    if view is None:
        return None
    R = T[:3, :3]
    rendering = render(view, R, model.lighting, frame_gain(frame, view, R, model.lighting))
    rim = uncovered_rim(view, frame, model.camera)
    return _Rendered(
        T,
        template(frame, view, rendering, level, BLUR_PX[level]),
        contour_of(view, rim, frame),
        edges_of(view, rendering.colors, rim, frame) if level == FINE else None,
    )


def _stride(T: Array, model: Model, level: int, margin_px: int) -> float:
    window = model.caster.window(T, margin_px)
    if level != FINE or window is None:
        return 1.0
    area = (window[0].stop - window[0].start) * (window[1].stop - window[1].start)
    return 1 / 3 if area < _SUPERSAMPLED_BELOW_PX else 1.0


def _image_terms(
    frame: FrameEvidence, T: Array, rendered: _Rendered, model: Model, level: int
) -> NormalEquations:
    camera, center = model.camera, model.center
    twist = twist_between(rendered.T, T, center)
    terms = photometric_term(
        frame, rendered.template, T, twist, center, camera, level, BLUR_PX[level]
    )
    terms += contour_term(frame, rendered.contour, T, center, camera, CONTOUR_SOFT_PX[level])
    if rendered.edges is not None:
        terms += edge_term(rendered.edges, T, center, camera)
    return terms


def _step(equations: NormalEquations) -> Array:
    step = -np.linalg.solve(equations.H + 1e-6 * np.eye(6), equations.g)
    turn = float(np.linalg.norm(step[3:]))
    return step if turn <= _LARGEST_TURN else step * (_LARGEST_TURN / turn)
