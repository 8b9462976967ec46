"""The asset ``contact_labels``."""

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work


@stage_asset(
    Look("recon_4dhoi", frozenset({"numpy"})),
    version="3",
    upstream=("object_mesh", "scene_render", "human_pose", "object_pose"),
    settings=lambda c: c.settings.recon_4dhoi.contact.model_dump(),
    backend=lambda s: s.recon_4dhoi.contact.backend,
)
def contact_labels(work: Work) -> None:
    """Which joints touch the object, per interval of frames."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.scene.contacts import WRISTS, label_contacts

    inputs, config = ClipInputs(work), work.settings.recon_4dhoi.contact
    poses = inputs.object_track.Ts_world_object
    labels = label_contacts(
        inputs.body,
        inputs.human.motion,
        inputs.mesh,
        poses,
        inputs.camera,
        inputs.human.joint_confidence[:, WRISTS],
        config,
    )
    write_whole(work.output("labels"), labels.to_json())
    work.facts.update(
        contact_start_frame=labels.start_frame,
        frames_in_contact=int(labels.hands.any(axis=1).sum()),
        mean_contact_confidence=round(float(labels.confidence[labels.hands].mean()), 3)
        if labels.hands.any()
        else None,
    )
