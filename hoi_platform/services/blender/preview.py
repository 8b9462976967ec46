"""A quick picture of an object at some scale beside the person, from which sizes are judged."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.geometry.mesh import load_obj
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.clothing import body_colors
from hoi_platform.core.scene.drawing import SceneRequest
from hoi_platform.core.scene.kind import draw_scene
from hoi_platform.core.scene.performance.stance import stance_of, standing_pose
from hoi_platform.core.scene.person import StandingPerson
from hoi_platform.core.scene.seeds import clip_scene_seed, stance_seed
from hoi_platform.services.blender.conditioning import SceneInputs
from hoi_platform.services.blender.render import render_conditioning
from hoi_platform.services.blender.scene_request import Staged
from hoi_platform.services.blender.service import BlenderService

_SAMPLES: Final = 8
"""Cycles samples per pixel of a scale preview; chosen: a vision model needs no finer picture."""
_WIDTH_PX, _HEIGHT_PX = 640, 360
"""Size of a scale preview; chosen as half of the conditioning frame's."""


def scale_preview(
    blender: BlenderService, inputs: SceneInputs, folder: Path
) -> Callable[[int, float], Path]:
    """A function from iteration and uniform scale to a rendered picture in ``folder``.

    Scenes are drawn without requirements: an object that is much too small or too big is exactly
    what has to be visible.
    """
    quick = {"width": _WIDTH_PX, "height": _HEIGHT_PX, "samples": _SAMPLES, "denoise": False}
    rendering = inputs.rendering.model_copy(update=quick)
    rng = np.random.default_rng(stance_seed(inputs.base_seed, inputs.clip))
    pose = standing_pose(inputs.body, np.eye(4), rng)
    person = StandingPerson.of(inputs.body, *pose)
    mesh, R = load_obj(inputs.mesh_obj), inputs.settled.R_world_object

    def render(iteration: int, scale: float) -> Path:
        scaled = replace(inputs, scale=(scale,) * 3, rendering=rendering)
        rested = mesh.scaled(scaled.scale).transformed(rigid(R, np.zeros(3)))
        seed = clip_scene_seed(inputs.base_seed, inputs.clip, rendering)
        stance = stance_seed(inputs.base_seed, inputs.clip)
        request = SceneRequest(
            inputs.clip,
            inputs.template,
            person,
            rested,
            R,
            scale=scaled.scale,
            rendering=rendering,
            stance_seed=stance,
        )
        spec = draw_scene(request, np.random.default_rng(seed))
        pose = stance_of(inputs.body, spec)
        first = BodyMotion(pose.rotations[None], pose.translation[None], 1.0)
        vertices = first.vertices(inputs.body)[0]
        colors = body_colors(inputs.body, inputs.palette)
        out = folder / f"{iteration:02d}_{scale:.4g}"
        staged = Staged(spec, vertices, inputs.body.faces, colors, inputs.mesh_obj)
        render_conditioning(blender, staged, rendering, out)
        return out / "frame.png"

    return render
