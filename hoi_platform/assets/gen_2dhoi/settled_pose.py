"""The asset ``settled_pose``."""

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.services.artifacts.stages import Work


@stage_asset(
    Look("gen_2dhoi", frozenset({"blender"}), queue="blender", pool="blender"),
    version="3",
    upstream=("object_mesh",),
    settings=lambda c: {
        "simulation": c.settings.gen_2dhoi.simulation.model_dump(
            exclude={"save_usd", "use_initial_state"}
        ),
        "obj_scale": c.entry.obj_scale,
        "real_size_m": c.entry.real_size_m,
    },
    backend=lambda _: "bullet",
)
def settled_pose(work: Work, blender: BlenderResource) -> None:
    """How the object rests: dropped with Bullet until still, then verified to stay."""
    from hoi_platform.services.blender.settle import settle_object, write_settled_pose
    from hoi_platform.services.meshes.scale import simulated_scale

    mesh_obj = work.input("object_mesh", "mesh") / "model.obj"
    scale = simulated_scale(work.entry, mesh_obj)
    simulation = work.settings.gen_2dhoi.simulation
    settled = settle_object(blender.service(), mesh_obj, scale, simulation)
    write_settled_pose(settled, work.output("state"), work.output("pickle"))
    work.facts.update(settled.facts())
