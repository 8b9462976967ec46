"""The asset ``contact_labels``."""

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.resources.backends import BackendsResource
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends.chosen import terms_of, versions_of
from hoi_platform.services.backends.weights import model_identity


@stage_asset(
    Look("recon_4dhoi", frozenset({"numpy"})),
    version="3",
    upstream=("object_mesh", "scene_render", "interaction_video", "human_pose", "object_pose"),
    settings=lambda c: (
        c.settings.recon_4dhoi.contact.model_dump(exclude={"model"})
        | model_identity(model=c.settings.recon_4dhoi.contact.model)
        | versions_of(c.settings, "contact")
    ),
    backend=lambda s: s.recon_4dhoi.contact.backend,
    licenses=lambda c: terms_of(c.settings, "contact"),
)
def contact_labels(work: Work, backends: BackendsResource) -> None:
    """Which joints touch the object, per interval of frames."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.scene.contacts import WRISTS
    from hoi_platform.services.vision.contact import ContactRequest

    inputs = ClipInputs(work)
    request = ContactRequest(
        load_video=lambda: inputs.video,
        camera=inputs.camera,
        body=inputs.body,
        motion=inputs.human.motion,
        mesh=inputs.mesh,
        mesh_obj=inputs.mesh_obj,
        scale=inputs.spec.object_scale,
        Ts_world_object=inputs.object_track.Ts_world_object,
        visibility=inputs.human.joint_confidence[:, WRISTS],
        config=work.settings.recon_4dhoi.contact,
    )
    labeler = backends.backend("contact", work)
    labels = labeler.label(request, progress=work.progress)
    backends.note(work, {"contact": labeler})
    write_whole(work.output("labels"), labels.to_json())
    work.facts.update(
        contact_start_frame=labels.start_frame,
        frames_in_contact=int(labels.hands.any(axis=1).sum()),
        mean_contact_confidence=round(float(labels.confidence[labels.hands].mean()), 3)
        if labels.hands.any()
        else None,
    )
