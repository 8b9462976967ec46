"""The asset ``object_mesh``."""

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work


def _settings(context: Context) -> dict[str, object]:
    """An object of the library is z-up whatever its entry says."""
    from_file = context.catalogue.source_path(context.object_id) is not None
    return {"source": context.entry_digest, "up": context.entry.up if from_file else "z"}


@stage_asset(
    Look("objects", frozenset({"trimesh"})),
    version="1",
    settings=_settings,
    backend=lambda _: "trimesh",
    licenses=lambda c: [c.catalogue.license(c.object_id)],
)
def object_mesh(work: Work, platform: PlatformResource) -> None:
    """The object's mesh, cleaned: one OBJ with its materials, z up, with its statistics."""
    from hoi_platform.services.meshes.obj_writer import write_clean_obj

    mesh = platform.platform().catalogue.load_mesh(work.object_id)
    statistics = write_clean_obj(mesh, work.output("mesh"))
    write_whole(work.output("statistics"), statistics.to_json())
    work.facts.update(statistics.facts())
