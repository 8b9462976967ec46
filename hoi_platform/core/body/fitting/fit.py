"""Fits a body of known shape to the landmarks of all frames at once, coarse to fine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from hoi_platform.core.arrays import Array, Progress
from hoi_platform.core.body.fitting.anatomy import hinges
from hoi_platform.core.body.fitting.arm_depth import correct_arm_depth
from hoi_platform.core.body.fitting.config import FitConfig
from hoi_platform.core.body.fitting.estimate import HumanPoseEstimate, joint_confidence
from hoi_platform.core.body.fitting.ground import Ground, foot_contact_probability
from hoi_platform.core.body.fitting.initial_arms import start_arms
from hoi_platform.core.body.fitting.kinematics import PoseSpace, joint_points
from hoi_platform.core.body.fitting.measurements import (
    BODY_BONES,
    FINGER_BONES,
    PALM_BONES,
    Measurements,
    measurements_of,
)
from hoi_platform.core.body.fitting.objective import Objective
from hoi_platform.core.body.fitting.observation import KeypointObservation
from hoi_platform.core.body.ik import SIDES, Side
from hoi_platform.core.body.keypoints import (
    KEYPOINT,
    LEFT_HAND_KEYPOINTS,
    POSE_KEYPOINTS,
    RIGHT_HAND_KEYPOINTS,
    KeypointRegressor,
    keypoint_regressor,
)
from hoi_platform.core.body.landmark_offsets import SPREAD
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT, LEFT_HAND, NUM_BODY_JOINTS, RIGHT_HAND
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.least_squares.minimize import minimize

_NAME: Final = "the fit of the body"
_BODY_JOINTS: Final = tuple(range(NUM_BODY_JOINTS))
_TRUNK_BONES: Final = [
    (KEYPOINT["right_shoulder"], KEYPOINT["left_shoulder"]),
    (KEYPOINT["right_hip"], KEYPOINT["left_hip"]),
]
_COARSE_OUTLIER_SIGMAS: Final = 10.0
"""Where the Cauchy loss bends in coarse phases (standard deviations); chosen: far landmarks still
pull."""
_FPS_OF_CONFIG: Final = 24.0
"""Frame rate (frames per second) for which FitConfig states its tolerances; GRAIL's."""
_TRUNK: Final = ("left_shoulder", "right_shoulder", "left_hip", "right_hip", "nose")
_PALM_KEYPOINTS: Final = ("wrist", "index_mcp", "middle_mcp", "ring_mcp", "pinky_mcp")


@dataclass(frozen=True)
class _Context:
    """What all phases of one fit share."""

    body: BodyModel
    regressor: KeypointRegressor
    measured: Measurements
    config: FitConfig
    ground: Ground
    contact: Float[Array, "T 2"]
    fps: float
    scene_depth: Float[Array, "height width"] | None
    """Of the scene without person and object, m."""


def fit_motion(
    body: BodyModel,
    camera: Camera,
    observation: KeypointObservation,
    first_frame: BodyMotion,
    fps: float,
    config: FitConfig | None = None,
    progress: Progress = lambda fraction, text: None,
    scene_depth: Float[Array, "height width"] | None = None,
) -> HumanPoseEstimate:
    """The motion that explains the landmarks, starting from the known pose of frame 0.

    ``scene_depth``: depth of the scene without person and object (m). Raises
    StageError when too few frames show the person or the fit diverges.
    """
    observation.require_person()
    context = _context(
        body=body,
        camera=camera,
        observation=observation,
        first_frame=first_frame,
        fps=fps,
        config=config or FitConfig(),
        scene_depth=scene_depth,
    )
    T = len(observation)
    rotations = torch.as_tensor(first_frame.rotations).expand(T, -1, -1, -1).clone()
    translation = torch.as_tensor(first_frame.translation).expand(T, -1).clone()
    rotations, translation = _fit_body(context, rotations, translation, progress)
    for i, side in enumerate(SIDES):
        progress(0.6 + 0.2 * i, f"{side} hand")
        rotations = _fit_hand(context, rotations, translation, side)
    progress(1.0, "body and hands")
    motion = BodyMotion(rotations.numpy(), translation.numpy(), fps)
    return _estimate(context, camera, observation, motion)


def _context(
    body: BodyModel,
    camera: Camera,
    observation: KeypointObservation,
    first_frame: BodyMotion,
    fps: float,
    config: FitConfig,
    scene_depth: Float[Array, "height width"] | None,
) -> _Context:
    regressor = keypoint_regressor(body)
    first = torch.as_tensor(first_frame.rotations), torch.as_tensor(first_frame.translation)
    p_first = regressor.positions(body.pose(*first))[0].numpy()
    spread = [SPREAD[name.replace("right", "left")] for name in KEYPOINT]
    measured = measurements_of(
        observation, camera, p_first, body.height_m * np.array(spread), body.height_m, config
    )
    px_per_m = camera.focal_px / float(camera.to_cam(p_first)[:, 2].mean())
    stature_px = body.height_m * px_per_m
    contact = foot_contact_probability(observation.keypoints_px, stature_px, fps)
    return _Context(
        body=body,
        regressor=regressor,
        measured=measured,
        config=config,
        ground=Ground.of(body, first_frame, contact),
        contact=contact,
        fps=fps,
        scene_depth=scene_depth,
    )


def _fit_body(
    context: _Context,
    rotations: Float[Tensor, "T 55 3 3"],
    translation: Float[Tensor, "T 3"],
    progress: Progress,
) -> tuple[Float[Tensor, "T 55 3 3"], Float[Tensor, "T 3"]]:
    """The trunk's place first, then all 22 body joints."""
    config = context.config
    palms = [f"{side}_hand_{part}" for side in SIDES for part in _PALM_KEYPOINTS]
    coarse = PoseSpace(context.body, rotations, translation, (0,), moves=True)
    progress(0.0, "place")
    place = _objective(context, coarse, _TRUNK, _TRUNK_BONES, coarse=True)
    x = torch.zeros(len(rotations), coarse.size, dtype=rotations.dtype)
    x = minimize(place.equations, x, config.body_iterations, _NAME)
    fine = PoseSpace(context.body, rotations, translation, _BODY_JOINTS, moves=True)
    x = torch.cat([x, torch.zeros(len(x), fine.size - x.shape[1], dtype=x.dtype)], dim=1)
    shown = context.regressor.positions(fine.posed(x)).numpy()
    measured = correct_arm_depth(context.measured, shown, context.scene_depth, context.fps)
    context = replace(context, measured=measured)
    start_arms(measured, fine, x)
    bones = [*BODY_BONES, *PALM_BONES["left"], *PALM_BONES["right"]]
    for i, is_coarse in enumerate((True, False)):
        progress(0.1 + 0.25 * i, "body")
        phase = _objective(context, fine, (*POSE_KEYPOINTS, *palms), bones, coarse=is_coarse)
        x = minimize(phase.equations, x, config.body_iterations, _NAME)
    return fine.pose(x)


def _fit_hand(
    context: _Context,
    rotations: Float[Tensor, "T 55 3 3"],
    translation: Float[Tensor, "T 3"],
    side: Side,
) -> Float[Tensor, "T 55 3 3"]:
    """The wrist and the fingers of one hand; the rest of the body stays."""
    fingers = range(*(LEFT_HAND if side == "left" else RIGHT_HAND).indices(len(JOINT)))
    space = PoseSpace(
        context.body, rotations, translation, (JOINT[f"{side}_wrist"], *fingers), moves=False
    )
    names = LEFT_HAND_KEYPOINTS if side == "left" else RIGHT_HAND_KEYPOINTS
    bones = [*FINGER_BONES[side], *PALM_BONES[side]]
    x = torch.zeros(space.frames, space.size, dtype=rotations.dtype)
    for is_coarse in (True, False):
        phase = _objective(context, space, names, bones, coarse=is_coarse)
        x = minimize(phase.equations, x, context.config.hand_iterations, _NAME)
    return space.pose(x)[0]


def _objective(
    context: _Context,
    space: PoseSpace,
    names: Sequence[str],
    bones: list[tuple[int, int]],
    coarse: bool,
) -> Objective:
    rows = [KEYPOINT[name] for name in names]
    landmarks = context.regressor.points
    moved = list(space.joints) if space.moves else []
    smooth = (
        joint_points(context.body).subset(np.array(moved))
        if moved
        else landmarks.subset(np.array(rows))
    )
    return Objective(
        space=space,
        landmarks=landmarks,
        smooth=smooth,
        measured=context.measured,
        config=context.config,
        keypoints=rows,
        bones=bones,
        hinges=hinges(context.body),
        ground=context.ground if JOINT["left_ankle"] in space.joints else None,
        rate_factor=(_FPS_OF_CONFIG / context.fps) ** 2,
        outlier_sigmas=_COARSE_OUTLIER_SIGMAS if coarse else context.config.outlier_sigmas,
    )


def _estimate(
    context: _Context, camera: Camera, observation: KeypointObservation, motion: BodyMotion
) -> HumanPoseEstimate:
    posed = context.body.pose(
        torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation)
    )
    fitted = camera.project(context.regressor.positions(posed).numpy())
    measured = context.measured
    seen = measured.known.numpy().astype(bool)[..., None]
    corrected = np.where(seen, measured.uv.numpy(), np.nan)
    confidence = joint_confidence(
        context.regressor,
        fitted,
        np.concatenate([corrected, observation.keypoints_px[..., 2:]], axis=-1),
        measured.sigma_px.numpy(),
    )
    certainty = np.where(seen, measured.certainty.numpy()[..., None], 0.0)
    keypoints = np.concatenate([corrected, certainty], axis=-1)
    return HumanPoseEstimate(motion, keypoints, context.contact, confidence)
