"""The asset ``object_scale``."""

import json

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work


@stage_asset(
    Look("gen_2dhoi", frozenset({"scale"})),
    version="1",
    upstream=("object_mesh", "settled_pose"),
    settings=lambda c: {
        "obj_scale": c.entry.obj_scale,
        "real_size_m": c.entry.real_size_m,
        "skip_step2": c.settings.gen_2dhoi.skip_step2,
    },
    backend=lambda s: "catalogue" if s.gen_2dhoi.skip_step2 else "vision",
)
def object_scale(work: Work, platform: PlatformResource) -> None:
    """The factor that turns the mesh's units into meters, and how it was found."""
    from hoi_platform.services.meshes.scale import known_scale

    mesh_obj = work.input("object_mesh", "mesh") / "model.obj"
    scale = known_scale(work.object_id, work.entry, mesh_obj, platform.platform().catalogue)
    write_whole(work.output("scale"), json.dumps(scale.to_json(), indent=1) + "\n")
    work.facts.update(scale.to_json())
