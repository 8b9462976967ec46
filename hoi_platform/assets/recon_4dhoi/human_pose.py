"""The asset ``human_pose``."""

from typing import Any

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.core.config.settings import Settings
from hoi_platform.resources.backends import BackendsResource
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.backends.chosen import terms_of, versions_of
from hoi_platform.services.backends.weights import model_identity


def _settings(context: Context) -> dict[str, Any]:
    config = context.settings.recon_4dhoi.human_model
    models = model_identity(model=config.model, hands_model=config.hands_model)
    return models | versions_of(context.settings, "human_pose")


def _backend(settings: Settings) -> str:
    config = settings.recon_4dhoi.human_model
    same = config.hands_backend == "mediapipe"
    return config.backend if same else f"{config.backend}, hands by {config.hands_backend}"


@stage_asset(
    Look("recon_4dhoi", frozenset({"mediapipe", "torch"}), queue="gpu", pool="gpu"),
    version="2",
    upstream=("scene_render", "interaction_video"),
    settings=_settings,
    backend=_backend,
    licenses=lambda c: terms_of(c.settings, "human_pose"),
)
def human_pose(work: Work, backends: BackendsResource) -> None:
    """The person's body and hands in every frame, in the camera and in the world."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.body.fitting.estimate import save_estimate
    from hoi_platform.services.vision.human_pose import HumanPoseRequest

    inputs = ClipInputs(work)
    tools = backends.team("human_pose", work)
    request = HumanPoseRequest(
        video=inputs.video,
        camera=inputs.camera,
        body=inputs.body,
        first_frame=inputs.first_frame,
        first_human_mask=inputs.first_human_mask,
        scene_depth=inputs.plate[1],
    )
    estimate = tools["human_pose"].estimate(request, progress=work.progress)
    save_estimate(estimate, inputs.camera.T_cam_world, work.output("motion"))
    backends.note(work, tools)
    confidence = estimate.keypoints_px[..., 2]
    work.facts.update(
        frames=len(estimate.motion),
        mean_keypoint_confidence=round(float(confidence.mean()), 3),
        mean_joint_confidence=round(float(estimate.joint_confidence.mean()), 3),
    )
