"""The asset ``object_pose``."""

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.resources.backends import BackendsResource
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends.chosen import terms_of, versions_of
from hoi_platform.services.backends.weights import model_identity


@stage_asset(
    Look("recon_4dhoi", frozenset({"opencv", "embree"}), queue="gpu", pool="gpu"),
    version="2",
    upstream=("object_mesh", "scene_render", "interaction_video", "scene_tracks"),
    settings=lambda c: (
        {"is_static_obj": c.settings.recon_4dhoi.pipeline.is_static_obj}
        | model_identity(model=c.settings.recon_4dhoi.obj_pose_tracking.model)
        | versions_of(c.settings, "object_pose")
    ),
    backend=lambda s: s.recon_4dhoi.obj_pose_tracking.backend,
    licenses=lambda c: terms_of(c.settings, "object_pose"),
)
def object_pose(work: Work, backends: BackendsResource) -> None:
    """The object's 6-DoF pose in every frame with a confidence."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.services.vision.object_pose import ObjectPoseRequest

    inputs = ClipInputs(work)
    recon = work.settings.recon_4dhoi
    request = ObjectPoseRequest(
        video=inputs.video,
        camera=inputs.camera,
        tracks=inputs.tracks,
        mesh_obj=inputs.mesh_obj,
        scale=inputs.spec.object_scale,
        T_world_object0=inputs.spec.T_world_object_array(),
        first_frame_rgb=inputs.frame,
        static=recon.pipeline.is_static_obj,
    )
    tracker = backends.backend("object_pose", work)
    track = tracker.track(request, progress=work.progress)
    track.save(work.output("poses"), inputs.camera)
    work.facts.update(track.facts())
    backends.note(work, {"object_pose": tracker})
