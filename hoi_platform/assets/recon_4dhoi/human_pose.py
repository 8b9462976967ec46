"""The asset ``human_pose``."""

from hoi_platform.assets.stage import Look, stage_asset
from hoi_platform.services.artifacts.stages import Work


@stage_asset(
    Look("recon_4dhoi", frozenset({"mediapipe", "torch"})),
    version="2",
    upstream=("scene_render", "interaction_video"),
    backend=lambda s: s.recon_4dhoi.human_model.backend,
)
def human_pose(work: Work) -> None:
    """The person's body and hands in every frame, in the camera and in the world."""
    from hoi_platform.assets.recon_4dhoi.inputs import ClipInputs
    from hoi_platform.core.body.fitting.estimate import save_estimate
    from hoi_platform.services.vision.human_pose.backend import human_pose_backend
    from hoi_platform.services.vision.human_pose.protocol import HumanPoseRequest

    inputs = ClipInputs(work)
    estimator = human_pose_backend(work.settings.recon_4dhoi.human_model.backend)
    request = HumanPoseRequest(
        video=inputs.video,
        camera=inputs.camera,
        body=inputs.body,
        first_frame=inputs.first_frame,
        first_human_mask=inputs.first_mask("human_masks"),
        scene_depth=inputs.plate[1],
    )
    work.ran = estimator.name
    estimate = estimator.estimate(request, progress=work.progress)
    save_estimate(estimate, inputs.camera.T_cam_world, work.output("motion"))
    confidence = estimate.keypoints_px[..., 2]
    work.facts.update(
        frames=len(estimate.motion),
        mean_keypoint_confidence=round(float(confidence.mean()), 3),
        mean_joint_confidence=round(float(estimate.joint_confidence.mean()), 3),
    )
