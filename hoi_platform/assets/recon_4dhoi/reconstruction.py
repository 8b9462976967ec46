"""The asset ``reconstruction``."""

import json
import time
from typing import Any, Final

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work

_NOT_READ: Final = {
    "log_dir": True,
    "exp_name": True,
    "use_global": True,
    "cache_list": True,
    "vis_cfg": True,
    "eval": True,
    "dct_cfg": True,
}


@stage_asset(
    Look("recon_4dhoi", frozenset({"torch"}), queue="gpu", pool="gpu"),
    version="4",
    upstream=(
        "object_mesh",
        "scene_render",
        "interaction_video",
        "human_pose",
        "scene_tracks",
        "object_pose",
        "contact_labels",
    ),
    settings=lambda c: {
        "optimization": c.settings.recon_4dhoi.optimization.model_dump(exclude=_NOT_READ),
        "is_static_obj": c.settings.recon_4dhoi.pipeline.is_static_obj,
    },
    backend=lambda _: "torch",
)
def reconstruction(work: Work) -> None:
    """Body, hands and object optimized together: the raw 4D clip."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.formats.hoi_npz import write_hoi_npz
    from hoi_platform.core.formats.hoi_pickle import write_hoi_pickle
    from hoi_platform.core.optimizer.optimize import optimize
    from hoi_platform.core.optimizer.record import hoi_data_of

    observation = ClipInputs(work).observation(work.settings.recon_4dhoi.pipeline.is_static_obj)
    config = work.settings.recon_4dhoi.optimization
    result = optimize(observation, config, work.progress, time.perf_counter)
    data = hoi_data_of(result, observation, _meta(work), work.clip.seed)
    write_hoi_npz(data, work.output("data"))
    write_hoi_pickle(data, work.output("pickle"))
    losses = {term: values.tolist() for term, values in result.loss_history.items()}
    write_whole(work.output("losses"), json.dumps(losses))
    work.facts.update(result.eval_data)
    work.facts.update({f"left_out_{term}": why for term, why in result.left_out.items()})


def _meta(work: Work) -> dict[str, Any]:
    """The paths that the reference's readers follow."""
    poses = work.input("object_pose", "poses") / "poses_in_cam.pkl"
    return {
        "clip_id": work.clip.path,
        "obj_path": str(work.input("object_mesh", "mesh") / "model.obj"),
        "masks_cache_file": str(work.input("scene_tracks", "masks")),
        "render_config_file": str(work.input("scene_render", "camera_pickle")),
        "raw_object_pose_file": str(poses),
    }
