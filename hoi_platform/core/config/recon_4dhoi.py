"""Configuration of the 4D stage (``configs/recon_4dhoi/*.yaml``), with GRAIL's names.

What each key does here, which stages read it and which values are refused is in ``keys``.
"""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.config.base import Config
from hoi_platform.core.optimizer.term import unknown_names


class ReconPathsConfig(Config):
    """GRAIL's folders below the results; they are where GRAIL's tools look for them."""

    results_dir: str | None = None
    """Folder of all results, used where no --results_dir is given."""
    video_dir: str = "generation/videos_kling"
    """Videos."""
    hmr_dir: str = "generation/hmr_smplx"
    """Human poses."""
    hmr_cache_dir: str = "generation/hmr_smplx_cache"
    """Intermediate files of the human pose."""
    foundation_pose_dir: str = "generation/foundation_pose"
    """First-frame masks and poses."""
    foundation_pose_output_dir: str = "generation/foundation_pose_output"
    """Object poses."""
    recon_cache_dir: str = "generation/4dhoi_recon_cache"
    """Masks, depth and contact labels."""
    depth_gt_dir: str = "generation/depth_maps"
    """First-frame depth."""
    output_dir: str = "generation/4dhoi_recon_smplx"
    """Raw results."""
    vis_scenepic_dir: str = "generation/vis_html"
    """3D pages; here they are in generation/result_vis and beside each valid clip."""


class HumanModelConfig(Config):
    """The body that is fitted and the backend of its first estimate."""

    body_model: Literal["anny", "smplx", "soma", "g1_smplx"] = "anny"
    """The body that is fitted."""
    static_cam: bool = True
    """The camera is the rendered one and does not move."""
    backend: str = "mediapipe"
    """Backend that estimates the body from the video."""
    model: ModelConfig = ModelConfig()
    """Its weights, device and program."""
    hands_backend: str = "mediapipe"
    """Backend that finds the hands' landmarks for it."""
    hands_model: ModelConfig = ModelConfig()
    """Their weights, device and program."""
    smplx_model_path: str = (
        "imports/GEM-SMPL/inputs/checkpoints/body_models/smplx/SMPLX_NEUTRAL.npz"
    )
    """File of the SMPL-X body."""
    smplx_shape_params_path: str = "data/RenderPeople_fitsmpl"
    """Shapes of the characters for SMPL-X."""
    soma_model_path: str = "imports/GEM-SOMA/inputs/mhr_data/mhr_model.pt"
    """File of the SOMA body."""
    soma_shape_params_path: str = "data/RenderPeople_fitsoma"
    """Shapes of the characters for SOMA."""
    g1_smplx_dir: str = "data/g1_smplx"
    """Folder of the SMPL-X body with the robot's proportions."""


class TracksConfig(Config):
    """Masks and depth per frame."""

    backend: str = "background"
    """Backend that tracks the masks."""
    masks_model: ModelConfig = ModelConfig()
    """Its weights, device and program."""
    depth_backend: str = "plate"
    """Backend that estimates the depth."""
    depth_model: ModelConfig = ModelConfig()
    """Its weights, device and program."""


class ObjPoseTrackingConfig(Config):
    """The 6-DoF tracker."""

    backend: str = "model_based"
    """Backend that tracks the object."""
    model: ModelConfig = ModelConfig()
    """Its weights, device and program."""
    foundation_pose_debug: int = 2
    """Number of debug files that FoundationPose writes."""
    crop_image: bool = False
    """Crop the frames to the object before tracking."""
    interpolation_factor: int = Field(1, ge=1)
    """Number of frames that are interpolated between two of the video before tracking."""


class ContactConfig(Config):
    """Contact labels."""

    backend: str = "geometric"
    """Backend that labels contact."""
    model: ModelConfig = ModelConfig()
    """Its weights, device and program."""
    contact_interval: int = Field(8, ge=1)
    """Frames per label; GRAIL."""
    distance_m: float = Field(0.05, gt=0)
    """Largest distance between a joint's surface and the object that counts as contact (m); the
    threshold of GRAIL's contact points."""
    min_visibility: float = Field(0.1, ge=0, le=1)
    """Least confidence of a wrist, 0 to 1, as ``human_pose`` states it, at which a hand is labeled;
    a hand that nobody sees holds nothing. 0 labels hidden hands too."""


class VarConfig(Config):
    """An optimized variable."""

    lr: float = Field(gt=0)
    """Learning rate of AdamW: meters per iteration for translations, radians for rotations. GRAIL:
    0.003 and 0.0001."""
    joints: Literal["body", "all"] = "body"
    """Which joints human_pose_res turns: the 22 body joints, or the fingers as well."""
    xy_only: bool = False
    """Move along the ground alone."""
    arm_only: bool = False
    """Turn the arms' joints alone."""


class LossConfig(Config):
    """A term's weight; its further keys are the term's own parameters."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())
    weight: float = Field(ge=0)
    """Factor of the term in the sum, by which its unit cancels; 0 leaves it out."""


class PhaseConfig(Config):
    """One phase of the optimizer; it inherits variables and terms of earlier phases."""

    opt_vars: dict[str, VarConfig] = {}
    """What is optimized, by name."""
    niter: int = Field(gt=0)
    """Iterations of AdamW; GRAIL: 400, then 200."""
    schedule: Literal["none", "cosine"] = "none"
    """How the learning rates change within the phase: constant, or falling to 5 %."""
    loss_cfg: dict[str, LossConfig] = {}
    """Terms of the loss, by name."""


class EvalConfig(Config):
    """GRAIL's limit of a term's final value."""

    weight: float | None = None
    """Factor of the value."""
    beta: float | None = None
    """The term's own parameter."""
    threshold: float | None = None
    """Largest accepted value, in the term's units."""
    duration: str | None = None
    """Frames that count."""
    max_contact_dist: float | None = None
    """The contact term's own parameter (m)."""


class VisConfig(Config):
    """What GRAIL's optimizer draws."""

    vis_init: bool = False
    """Also draw the first guess."""
    enable: bool = True
    """Draw at all."""
    render_video: bool = True
    """Overlay video."""
    extra_views: list[str] = ["top"]
    """Views besides the camera's."""
    export_mesh: bool = False
    """Write the body's mesh of each frame."""
    vis_html: bool = True
    """3D page."""
    vis_contact: bool = True
    """Show the contact points."""


class DctConfig(Config):
    """GRAIL's cosine basis of the trajectories."""

    enable: bool = False
    """Optimize coefficients instead of frames."""
    coeff_ratio: float = 0.15
    """Coefficients per frame."""


class OptimizationConfig(Config):
    """The optimizer's phases in order; GRAIL calls them stages."""

    opt_stage_specs: dict[str, PhaseConfig] = {}
    """Phases by name, in order."""
    log_dir: str = "logs"
    """Folder of log files."""
    exp_name: str = ""
    """Name of the experiment in log files."""
    use_global: bool = False
    """Take the first guess from the estimator's world instead of the camera's."""
    cache_list: list[str] = ["contact_labels"]
    """What is kept between runs."""
    vis_cfg: VisConfig = VisConfig()
    """Pictures."""
    eval: dict[str, EvalConfig] = {}
    """Limits of the terms' final values."""
    dct_cfg: DctConfig = DctConfig()
    """Cosine basis."""
    refresh_every: int = Field(50, ge=1)
    """Iterations between refreshes of visibility, outlines and nearest neighbors; chosen."""
    seed: int = 0
    """Seed of the fixed sample points."""
    smoothing_window: int = Field(11, ge=0)
    """Savitzky-Golay window of the final smoothing (frames at 24 fps; 0 turns it off); GRAIL."""
    smoothing_order: int = Field(2, ge=0)
    """Savitzky-Golay order of the final smoothing; GRAIL."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where torch computes; auto: CUDA where there is one."""


class FilteringConfig(Config):
    """Limits of the checks that decide whether a clip is valid; GRAIL's values where it has one."""

    camera_trans_thr: float = 0.1
    """Largest apparent translation of the camera (m); GRAIL."""
    first_frame_human_tol: float = 0.5
    """Largest distance of the first-frame person from the rendered place (m); GRAIL."""
    object_mask_tol: float = 0.5
    """Largest misalignment of the object's mask, 1 - IoU; GRAIL."""
    total_mask_tol: float = 0.3
    """Largest misalignment of the union of person and object, 1 - IoU; GRAIL."""
    keypoint_thr: float = 2.0
    """Largest final value of the keypoint_tracking term, in its units."""
    contact_thr: float = 5.0
    """Largest final value of the contact term, in its units."""
    initial_penetration_thr: float = 0.02
    """Least distance between body and object at frame 0 (m); GRAIL."""
    human_static_thr: float = 0.01
    """Least motion of the person (m); GRAIL."""
    table_tol: float = 0.05
    """Largest gap between the object and its support at frame 0 (m); chosen."""
    object_static_thr: float = 0.02
    """Motion of the object above which it is dynamic (m); GRAIL."""
    unheld_motion_thr: float = Field(0.5, ge=0, le=1)
    """Largest share of the object's path on which no hand touches it; chosen."""
    filter_object_motion: Literal["dynamic_only", "static_only", "all"] = "dynamic_only"
    """Whether the object has to move, has to rest, or may do either."""
    min_frames: int | None = None
    """When set, a clip is cut to its good beginning if that has at least this many frames; GRAIL:
    null."""


class PostProcessingConfig(Config):
    """How GRAIL packages a valid clip."""

    center_at_object: bool = True
    """Origin below the table, or below the object's first position."""
    compute_contact_points_nframes_before_inter_start: int = 48
    """Frames before the interaction whose contact points are written as well."""


class PipelineConfig(Config):
    """Steps and switches of the command line."""

    skip_step1: bool = False
    """Skip the human pose."""
    skip_step2: bool = False
    """Skip masks and depth."""
    skip_step3: bool = False
    """Skip the object pose."""
    skip_step4: bool = False
    """Skip contact labels and optimization."""
    skip_step5: bool = False
    """Skip the filter."""
    skip_step6: bool = False
    """Skip the visualization and the index."""
    skip_done: bool = False
    """Keep everything that exists, even if it was made with other settings."""
    verbose: bool = False
    """Show Dagster's log."""
    vis_valid_only: bool = False
    """Visualize valid clips only."""
    is_static_obj: bool = False
    """The object does not move."""


class Recon4DHOIConfig(Config):
    """One task's 4D stage."""

    paths: ReconPathsConfig = ReconPathsConfig()
    """Folders below the results."""
    human_model: HumanModelConfig = HumanModelConfig()
    """Body."""
    tracks: TracksConfig = TracksConfig()
    """Masks and depth."""
    obj_pose_tracking: ObjPoseTrackingConfig = ObjPoseTrackingConfig()
    """Object pose."""
    contact: ContactConfig = ContactConfig()
    """Contact labels."""
    optimization: OptimizationConfig = OptimizationConfig()
    """Optimizer."""
    filtering: FilteringConfig = FilteringConfig()
    """Limits."""
    post_processing: PostProcessingConfig = PostProcessingConfig()
    """Packaging."""
    pipeline: PipelineConfig = PipelineConfig()
    """Steps and switches."""

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        mistakes: list[str] = []
        for name, spec in self.optimization.opt_stage_specs.items():
            terms = {term: loss.model_extra or {} for term, loss in spec.loss_cfg.items()}
            mistakes += unknown_names(name, spec.opt_vars, terms)
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self
