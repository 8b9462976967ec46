"""What each key of ``configs/recon_4dhoi`` does here (see ``keys``)."""

from typing import Final

from hoi_platform.core.config.key_rows import RUN, TERMS, fixed_folder, model_rows, refused
from hoi_platform.core.config.keys import Key
from hoi_platform.core.config.recon_4dhoi import ReconPathsConfig

_OPTIMIZER: Final = Key(("reconstruction",))
_NO_FILES_YET: Final = Key(note="read by a body that comes as a file; no such body runs here yet")

_RECON_FOLDERS: Final = {
    "video_dir": "human_pose",
    "hmr_dir": "human_pose",
    "hmr_cache_dir": "human_pose",
    "foundation_pose_dir": "human_pose",
    "foundation_pose_output_dir": "object_pose",
    "recon_cache_dir": "scene_tracks",
    "depth_gt_dir": "scene_tracks",
    "output_dir": "reconstruction",
    "vis_scenepic_dir": "visualization",
}
# GRAIL's files for SOMA name folders of their own; the body_model is what is judged.
_SOMA_FOLDERS: Final = {
    "hmr_dir": "generation/hmr_soma",
    "hmr_cache_dir": "generation/hmr_soma_cache",
    "output_dir": "generation/4dhoi_recon_soma",
}


_STAGE: Final = "optimization.opt_stage_specs.*"
_EVAL_CURE: Final = "set filtering.keypoint_thr and filtering.contact_thr instead"
_LOSS_THRESHOLD: Final = refused(
    "reconstruction", (), "remove the key: limits of final values are in filtering"
)

RECON_KEYS: Final[dict[str, Key]] = {
    "paths.results_dir": RUN,
    **{
        f"paths.{name}": fixed_folder(
            stage,
            ReconPathsConfig.model_fields[name].default,
            *([_SOMA_FOLDERS[name]] if name in _SOMA_FOLDERS else []),
        )
        for name, stage in _RECON_FOLDERS.items()
    },
    "human_model.*": _NO_FILES_YET,
    "human_model.backend": Key(("human_pose",), may_change=TERMS),
    "human_model.hands_backend": Key(("human_pose",), may_change=TERMS),
    **model_rows("human_model.model", "human_pose"),
    **model_rows("human_model.hands_model", "human_pose"),
    "human_model.body_model": Key(
        accepts=("anny",),
        refused_by=("human_pose", "reconstruction"),
        cure="set it to anny, or use configs/recon_4dhoi/manip_anny.yaml: no other body runs here",
    ),
    "human_model.static_cam": refused(
        "human_pose", (True,), "set it to true: a moving camera is not reconstructed"
    ),
    "tracks.*": Key(("scene_tracks",), may_change=TERMS),
    **model_rows("tracks.masks_model", "scene_tracks"),
    **model_rows("tracks.depth_model", "scene_tracks"),
    "obj_pose_tracking.backend": Key(("object_pose",), may_change=TERMS),
    **model_rows("obj_pose_tracking.model", "object_pose"),
    "obj_pose_tracking.foundation_pose_debug": Key(
        note="FoundationPose's debug files; no result depends on it"
    ),
    "obj_pose_tracking.crop_image": refused(
        "object_pose", (False,), "set it to false: the tracker works around the mask by itself"
    ),
    "obj_pose_tracking.interpolation_factor": refused(
        "object_pose", (1,), "set it to 1: no frames are interpolated"
    ),
    "contact.*": Key(("contact_labels",), may_change=TERMS),
    **model_rows("contact.model", "contact_labels"),
    "optimization.*": _OPTIMIZER,
    f"{_STAGE}.niter": _OPTIMIZER,
    f"{_STAGE}.schedule": _OPTIMIZER,
    f"{_STAGE}.opt_vars.*.*": _OPTIMIZER,
    f"{_STAGE}.opt_vars.*.xy_only": refused(
        "reconstruction", (False,), "set it to false: the whole translation is optimized"
    ),
    f"{_STAGE}.opt_vars.*.arm_only": refused(
        "reconstruction", (False,), "set it to false: all joints of the body are optimized"
    ),
    f"{_STAGE}.loss_cfg.*.*": _OPTIMIZER,
    f"{_STAGE}.loss_cfg.contact.threshold": _LOSS_THRESHOLD,
    f"{_STAGE}.loss_cfg.verts_tracking.threshold": _LOSS_THRESHOLD,
    f"{_STAGE}.loss_cfg.depth_pointcloud.duration": refused(
        "reconstruction", ("all",), "remove it: all frames count"
    ),
    f"{_STAGE}.loss_cfg.depth_pointcloud.depth_tol": refused(
        "reconstruction", (0.02,), "remove it: surfaces are sampled where they are seen"
    ),
    "optimization.log_dir": Key(note="no log files are written; Dagster keeps the log of a run"),
    "optimization.exp_name": Key(note="no log files are written; Dagster keeps the log of a run"),
    "optimization.use_global": refused(
        "reconstruction", (False,), "set it to false: the first guess is the camera's"
    ),
    "optimization.cache_list": Key(note="records decide what is kept"),
    "optimization.vis_cfg.vis_init": Key(note="the first guess is not drawn"),
    "optimization.vis_cfg.enable": refused(
        "visualization", (True,), "set pipeline.skip_step6: true instead"
    ),
    "optimization.vis_cfg.export_mesh": refused(
        "visualization", (False,), "set it to false: hoi_data holds the motion"
    ),
    "optimization.vis_cfg.extra_views": refused(
        "visualization", (["top"],), "set it to [top]: that view is drawn"
    ),
    **{
        f"optimization.vis_cfg.{name}": refused(
            "visualization", (True,), "set it to true: it is always drawn"
        )
        for name in ("render_video", "vis_html", "vis_contact")
    },
    "optimization.dct_cfg.enable": refused(
        "reconstruction", (False,), "set it to false: frames are optimized"
    ),
    "optimization.dct_cfg.coeff_ratio": Key(note="read only with dct_cfg.enable, which is refused"),
    "optimization.eval.*.*": refused("filtered_hoi", (None,), _EVAL_CURE),
    "optimization.eval.keypoint_tracking.weight": refused("filtered_hoi", (None, 0.1), _EVAL_CURE),
    "optimization.eval.keypoint_tracking.beta": refused("filtered_hoi", (None, 0.1), _EVAL_CURE),
    "optimization.eval.keypoint_tracking.threshold": refused(
        "filtered_hoi", (None, 2.0), _EVAL_CURE
    ),
    "optimization.eval.contact.weight": refused("filtered_hoi", (None, 1e5), _EVAL_CURE),
    "optimization.eval.contact.duration": refused("filtered_hoi", (None, "all"), _EVAL_CURE),
    "optimization.eval.contact.threshold": refused("filtered_hoi", (None, 5.0), _EVAL_CURE),
    "optimization.eval.contact.max_contact_dist": refused("filtered_hoi", (None, 0.15), _EVAL_CURE),
    "filtering.*": Key(("filtered_hoi",)),
    "post_processing.center_at_object": refused(
        "filtered_hoi", (True,), "set it to true: the packaged origin is below table or object"
    ),
    "post_processing.compute_contact_points_nframes_before_inter_start": refused(
        "filtered_hoi",
        (48, 24),
        "remove it: contact points are written for every frame that has them",
    ),
    "pipeline.*": RUN,
    "pipeline.is_static_obj": Key(("object_pose", "reconstruction")),
}
