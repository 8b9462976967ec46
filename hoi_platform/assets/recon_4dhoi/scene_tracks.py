"""The asset ``scene_tracks``."""

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.resources.backends import BackendsResource
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends.chosen import terms_of, versions_of
from hoi_platform.services.backends.weights import model_identity


@stage_asset(
    Look("recon_4dhoi", frozenset({"opencv"}), queue="gpu", pool="gpu"),
    version="2",
    upstream=("scene_render", "interaction_video", "human_pose"),
    settings=lambda c: (
        c.settings.recon_4dhoi.tracks.model_dump(exclude={"masks_model", "depth_model"})
        | model_identity(
            masks_model=c.settings.recon_4dhoi.tracks.masks_model,
            depth_model=c.settings.recon_4dhoi.tracks.depth_model,
        )
        | versions_of(c.settings, "masks", "depth")
    ),
    backend=lambda s: s.recon_4dhoi.tracks.backend,
    licenses=lambda c: terms_of(c.settings, "masks", "depth"),
)
def scene_tracks(work: Work, backends: BackendsResource) -> None:
    """Masks of object and person and the metric depth in every frame."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.services.vision.scene_tracks import SceneTracksRequest, track_scene

    inputs = ClipInputs(work)
    plate_rgb, plate_depth = inputs.plate
    request = SceneTracksRequest(
        video=inputs.video,
        camera=inputs.camera,
        first_object_mask=inputs.first_object_mask,
        first_human_mask=inputs.first_human_mask,
        plate_rgb=plate_rgb,
        plate_depth=plate_depth,
        body=inputs.body,
        human_motion=inputs.human.motion,
    )
    masks, depth = backends.backend("masks", work), backends.backend("depth", work)
    tracks = track_scene(request, masks, depth, progress=work.progress)
    backends.note(work, {"masks": masks, "depth": depth})
    tracks.save(work.output("masks"), work.output("depth"))
    object_confidence, human_confidence = tracks.confidence.mean(axis=0)
    work.facts.update(
        mean_object_confidence=round(float(object_confidence), 3),
        mean_human_confidence=round(float(human_confidence), 3),
        flags=len(tracks.flags),
    )
