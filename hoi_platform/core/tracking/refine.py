"""Gauss-Newton from a starting pose to the pose that explains a frame best."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.tracking.appearance import Template, frame_gain, render, template
from hoi_platform.core.tracking.contour import Contour, contour_of, contour_term
from hoi_platform.core.tracking.evidence import BLUR_PX, FrameEvidence
from hoi_platform.core.tracking.lighting import Lighting
from hoi_platform.core.tracking.se3 import moved, twist_between
from hoi_platform.core.tracking.terms import NormalEquations, photometric_term, prior_term
from hoi_platform.core.tracking.view import SurfaceCaster

CONTOUR_SOFT_PX = (5.0, 2.0)
"""Robust scale of the contour term at the coarse and the fine level."""
_INNER_STEPS = 3
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
        T_rendered = T
        for _ in range(_INNER_STEPS):
            image = _image_terms(frame, T, T_rendered, rendered, model, level)
            step = _step(image + prior_term(T, prior.T, prior.information, model.center))
            T = moved(T, step, model.center)
            information = image.H
            if np.abs(step[:3]).max() < 1e-4 and np.abs(step[3:]).max() < 1e-3:
                break
    return Refined(T, information)


def _rendered(
    frame: FrameEvidence, T: Array, model: Model, level: int
) -> tuple[Template, Contour] | None:
    view = model.caster.view(T, margin_px=int(3 * BLUR_PX[level]) + 2)
    if view is None:
        return None
    R = T[:3, :3]
    rendering = render(view, R, model.lighting, frame_gain(frame, view, R, model.lighting))
    colors = template(frame, view, rendering, level, BLUR_PX[level])
    return colors, contour_of(view, frame, model.camera)


def _image_terms(
    frame: FrameEvidence,
    T: Array,
    T_rendered: Array,
    rendered: tuple[Template, Contour],
    model: Model,
    level: int,
) -> NormalEquations:
    colors, contour = rendered
    twist = twist_between(T_rendered, T, model.center)
    photometric = photometric_term(
        frame, colors, T, twist, model.center, model.camera, level, BLUR_PX[level]
    )
    soft = CONTOUR_SOFT_PX[level]
    return photometric + contour_term(frame, contour, T, model.center, model.camera, soft)


def _step(equations: NormalEquations) -> Array:
    step = -np.linalg.solve(equations.H + 1e-6 * np.eye(6), equations.g)
    turn = float(np.linalg.norm(step[3:]))
    return step if turn <= _LARGEST_TURN else step * (_LARGEST_TURN / turn)
