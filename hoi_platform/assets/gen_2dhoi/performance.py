"""The asset ``performance``."""

from typing import Any

from hoi_platform.assets.looks import performance_preview
from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.core.scene.performance import VERSION
from hoi_platform.core.scene.seeds import performance_seed
from hoi_platform.core.task import TASKS
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.stages import Work


def _settings(context: Context) -> dict[str, Any]:
    video = context.settings.gen_2dhoi.video
    return {
        "frames": video.simulated_frames,
        "fps": video.simulated_fps,
        "performance": VERSION,
        "performance_seed": _seed(context),
        "grasp": context.grasp.model_dump() if context.grasp else None,
        "kind": TASKS.find(context.object_id.task).performance,
    }


def _seed(context: Context) -> int:
    return performance_seed(context.settings.gen_2dhoi.simulation.seed, context.clip)


@stage_asset(
    Look("gen_2dhoi", frozenset({"performance"}), preview=performance_preview),
    version="1",
    upstream=("object_mesh", "scene_render"),
    settings=_settings,
    on_demand=True,
)
def performance(work: Work) -> None:
    """What the person really does: motion, object, contacts, finger tips, labels, depth.

    Privileged: a video shows it, accuracy is measured by it, and nothing that reconstructs
    reads it.
    """
    from hoi_platform.core.geometry.mesh import load_obj
    from hoi_platform.core.scene.spec import SceneSpec
    from hoi_platform.services.body.anny_body import load_body
    from hoi_platform.services.performances.acting import Acting, act
    from hoi_platform.services.performances.views import Actors, write_views

    video = work.settings.gen_2dhoi.video
    acting = Acting(
        task=work.object_id.task,
        scene=work.input("scene_render", "scene"),
        person=work.input("scene_render", "person"),
        mesh_obj=work.input("object_mesh", "mesh") / "model.obj",
        grasp=work.grasp,
        seed=_seed(work.context),
        frames=video.simulated_frames,
        fps=video.simulated_fps,
    )
    acted = act(acting)
    acted.save(work.output("performance"))
    spec = SceneSpec.model_validate_json(acting.scene.read_bytes())
    mesh = load_obj(acting.mesh_obj, spec.object_scale)
    actors = Actors(spec, load_body(acting.person / "body.npz"), mesh)
    write_views(acted, actors, work.output("labels"), work.output("depth"), work.progress)
    work.facts.update(frames=len(acted), fps=video.simulated_fps)
    left, right = acted.contact.sum(axis=0).tolist()
    work.facts.update(frames_in_left_hand=left, frames_in_right_hand=right)
