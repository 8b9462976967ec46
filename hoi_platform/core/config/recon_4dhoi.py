"""Configuration of the 4D stage (``configs/recon_4dhoi/*.yaml``), with the reference's names."""

from typing import Literal

from pydantic import ConfigDict, Field

from hoi_platform.core.config.base import Config


class HumanModelConfig(Config):
    """The body that is fitted and the backend of its first estimate."""

    body_model: Literal["anny", "smplx", "soma", "g1_smplx"] = "anny"
    static_cam: bool = True
    backend: str = "mediapipe"


class TracksConfig(Config):
    """Masks and depth per frame."""

    backend: str = "background"
    depth_backend: str = "plate"


class ObjPoseTrackingConfig(Config):
    """The 6-DoF tracker."""

    backend: str = "model_based"
    foundation_pose_debug: int = 2
    crop_image: bool = False
    interpolation_factor: int = Field(1, ge=1)


class ContactConfig(Config):
    """Contact labels."""

    backend: str = "geometric"
    contact_interval: int = Field(8, ge=1)
    """Frames per label."""
    distance_m: float = Field(0.05, gt=0)
    """Largest distance between a joint's surface and the object that counts as contact (m)."""


class VarConfig(Config):
    """An optimized variable."""

    lr: float = Field(gt=0)
    """Learning rate of AdamW: meters per iteration for translations, radians for rotations."""
    joints: Literal["body", "all"] = "body"
    """What human_pose_res turns: the 22 body joints or the fingers as well."""


class LossConfig(Config):
    """A term's weight; its further keys are the term's own parameters."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())
    weight: float = Field(ge=0)


class OptStageConfig(Config):
    """One stage of the optimizer. Variables and terms of earlier stages carry over."""

    opt_vars: dict[str, VarConfig] = {}
    niter: int = Field(gt=0)
    schedule: Literal["none", "cosine"] = "none"
    """How the learning rates change within the stage: constant, or falling to 5 %."""
    loss_cfg: dict[str, LossConfig] = {}


class OptimizationConfig(Config):
    """The optimizer's stages in order."""

    opt_stage_specs: dict[str, OptStageConfig] = {}
    refresh_every: int = Field(50, ge=1)
    """Iterations between refreshes of visibility, outlines and nearest neighbors."""
    seed: int = 0
    """Seed of the fixed sample points."""
    smoothing_window: int = Field(11, ge=0)
    """Savitzky-Golay window of the final smoothing (frames at 24 fps; 0 turns it off)."""
    smoothing_order: int = Field(2, ge=0)
    device: Literal["auto", "cpu", "cuda"] = "auto"


class FilteringConfig(Config):
    """Limits of the checks that decide whether a clip is valid."""

    camera_trans_thr: float = 0.1
    """Largest apparent translation of the camera (m)."""
    first_frame_human_tol: float = 0.5
    """Largest distance of the first-frame person from the rendered place (m)."""
    object_mask_tol: float = 0.5
    """Largest misalignment of the object's mask, 1 - IoU."""
    total_mask_tol: float = 0.3
    """Largest misalignment of the union of person and object, 1 - IoU."""
    keypoint_thr: float = 2.0
    """Largest final value of the keypoint_tracking term."""
    contact_thr: float = 5.0
    """Largest final value of the contact term."""
    initial_penetration_thr: float = 0.02
    """Least distance between body and object at frame 0 (m)."""
    human_static_thr: float = 0.01
    """Least motion of the person (m)."""
    table_tol: float = 0.05
    """Largest gap between the object and its support at frame 0 (m)."""
    object_static_thr: float = 0.02
    """Motion of the object above which it is dynamic (m)."""
    unheld_motion_thr: float = Field(0.5, ge=0, le=1)
    """Largest share of the object's path on which no hand touches it."""
    filter_object_motion: Literal["dynamic_only", "static_only", "all"] = "dynamic_only"
    min_frames: int | None = None
    """When set, a clip is cut to its good beginning if that has at least this many frames."""


class PipelineConfig(Config):
    """Steps and switches of the command line."""

    skip_step1: bool = False
    skip_step2: bool = False
    skip_step3: bool = False
    skip_step4: bool = False
    skip_step5: bool = False
    skip_step6: bool = False
    skip_done: bool = False
    verbose: bool = False
    vis_valid_only: bool = False
    is_static_obj: bool = False


class Recon4DHOIConfig(Config):
    """One task's 4D stage."""

    results_dir: str = "results"
    human_model: HumanModelConfig = HumanModelConfig()
    tracks: TracksConfig = TracksConfig()
    obj_pose_tracking: ObjPoseTrackingConfig = ObjPoseTrackingConfig()
    contact: ContactConfig = ContactConfig()
    optimization: OptimizationConfig = OptimizationConfig()
    filtering: FilteringConfig = FilteringConfig()
    pipeline: PipelineConfig = PipelineConfig()
