"""The rows of the table of keys (see ``keys``)."""

from typing import Final

from hoi_platform.core.config.gen_2dhoi import SEPARATOR, GenPathsConfig
from hoi_platform.core.config.keys import Key
from hoi_platform.core.config.recon_4dhoi import ReconPathsConfig

MOST_SEEDS: Final = 16
"""Seeds of the grid (``hoi_platform.partitions``, which a test holds against this)."""

_RUN: Final = Key(note="how the command line runs; no result depends on it")
_LIMIT: Final = Key(note="how a paid service is asked; no result depends on it")
_SCENE: Final = Key(("scene_render", "object_scale if searched"))
_VIDEO: Final = ("video_task", "interaction_video")
_SIMULATED: Final = Key(tuple(f"{stage} if simulated" for stage in _VIDEO))
_CLIP_ID: Final = Key((*_SCENE.reads, *_SIMULATED.reads), may_change=("video_prompt",))
_PAID: Final = Key(
    tuple(f"{stage} if paid" for stage in _VIDEO),
    note="read by paid services; a simulated clip goes by simulated_frames and simulated_fps",
)
_RENDER: Final = Key(("scene_render",))
_OPTIMIZER: Final = Key(("reconstruction",))
_NO_FILES_YET: Final = Key(note="read by a body that comes as a file; no such body runs here yet")


def _folder(stage: str, *values: str) -> Key:
    return Key(
        note="GRAIL's layout, which is fixed here",
        accepts=values,
        refused_by=(stage,),
        cure="remove the key: GRAIL's tools look for the files in the default folder; "
        "--results_dir moves the whole",
    )


def _refused(stage: str, accepted: tuple[object, ...], cure: str) -> Key:
    return Key(accepts=accepted, refused_by=(stage,), cure=cure)


_GEN_FOLDERS: Final = {
    "prompts_dir": "video_prompt",
    "initial_state_dir": "settled_pose",
    "obj_scale_dir": "object_scale",
    "render_dir": "scene_render",
    "camera_dir": "scene_render",
    "foundation_pose_input_dir": "scene_render",
    "depth_save_dir": "scene_render",
    "video_output_dir": "interaction_video",
}
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

_GEN: Final[dict[str, Key]] = {
    "character": _CLIP_ID,
    "character_dir": Key(note="where the character is searched; its content is what counts"),
    "texture_dir": _refused(
        "scene_render",
        ("configs/characters", "data/characters"),
        "remove the key: characters here have colors (palette) instead of textures",
    ),
    "results_dir": _RUN,
    "object_config": Key(note="one more catalogue file; the content of its entries counts"),
    "scene_config": Key(note="where the scene is searched; its content is what counts"),
    "scene": _CLIP_ID,
    "task": Key(note="guards against a file of another task"),
    "verbose": _RUN,
    "skip_step1": _RUN,
    "skip_step2": Key(("object_scale",)),
    "skip_step3": _RUN,
    "skip_step4": _RUN,
    "skip_done": _RUN,
    **{
        f"paths.{name}": _folder(stage, GenPathsConfig.model_fields[name].default)
        for name, stage in _GEN_FOLDERS.items()
    },
    "simulation.*": Key(("settled_pose",)),
    "simulation.seed": Key(("settled_pose", *_SCENE.reads)),
    "simulation.save_usd": _refused(
        "settled_pose", (False,), "set it to false: initial_state.json and mesh/ hold the same"
    ),
    "simulation.use_initial_state": _SCENE,
    "scale.max_iterations": Key(("object_scale if searched",)),
    "rendering.*": _RENDER,
    "rendering.num_rand_scenes": Key(
        note="how many clips are asked for",
        accepts=lambda count: count <= MOST_SEEDS,
        refused_by=("scene_render",),
        cure=f"the grid has {MOST_SEEDS} seeds; set it to {MOST_SEEDS} or less",
    ),
    "rendering.gpu": Key((*_SCENE.reads, *_SIMULATED.reads)),
    "rendering.no_rand_seed": _SCENE,
    "rendering.render_start_end": _refused(
        "scene_render", (False,), "set it to false: one conditioning frame is rendered"
    ),
    "video.*": _LIMIT,
    "video.budget.*": _LIMIT,
    "video.num_videos": _PAID,
    "video.num_video_segments": _PAID,
    "video.model_api": Key((*_VIDEO, "video_prompt if refinable")),
    "video.kling_model_name": _PAID,
    "video.duration": _PAID,
    "video.kling_mode": _PAID,
    "video.skip_prompt_refinement": Key(("video_prompt if paid",)),
    "video.base_prompt": Key(
        ("video_prompt",),
        accepts=lambda texts: not any("#" in text for text in texts),
        refused_by=("video_prompt",),
        cure="one prompt serves all segments here; remove the part from '#' on",
    ),
    "video.seg_idx_for_tail_image": _PAID,
    "video.use_all_tail_images": _PAID,
    "video.simulated_fps": _SIMULATED,
    "video.simulated_frames": _SIMULATED,
    "video.simulated_samples": _SIMULATED,
    "chatgpt.model": Key(("video_prompt if refined", "object_scale if searched")),
    "chatgpt.prompt_refinement_system_message": Key(
        ("video_prompt if refined",),
        accepts=lambda text: SEPARATOR not in text,
        refused_by=("video_prompt",),
        cure="one text serves all prompts here; keep one of them",
    ),
    "chatgpt.scale_evaluation_system_message": Key(
        ("object_scale if searched",),
        accepts=lambda text: SEPARATOR not in text,
        refused_by=("object_scale",),
        cure="keep one of the texts",
    ),
}

_STAGE: Final = "optimization.opt_stage_specs.*"
_EVAL_CURE: Final = "set filtering.keypoint_thr and filtering.contact_thr instead"
_LOSS_THRESHOLD: Final = _refused(
    "reconstruction", (), "remove the key: limits of final values stand in filtering"
)

_RECON: Final[dict[str, Key]] = {
    "paths.results_dir": _RUN,
    **{
        f"paths.{name}": _folder(
            stage,
            ReconPathsConfig.model_fields[name].default,
            *([_SOMA_FOLDERS[name]] if name in _SOMA_FOLDERS else []),
        )
        for name, stage in _RECON_FOLDERS.items()
    },
    "human_model.*": _NO_FILES_YET,
    "human_model.backend": Key(("human_pose",)),
    "human_model.body_model": Key(
        accepts=("anny",),
        refused_by=("human_pose", "reconstruction"),
        cure="set it to anny, or use configs/recon_4dhoi/manip_anny.yaml: no other body runs here",
    ),
    "human_model.static_cam": _refused(
        "human_pose", (True,), "set it to true: a moving camera is not reconstructed"
    ),
    "tracks.*": Key(("scene_tracks",)),
    "obj_pose_tracking.backend": Key(("object_pose",)),
    "obj_pose_tracking.foundation_pose_debug": Key(
        note="FoundationPose's debug files; no result depends on it"
    ),
    "obj_pose_tracking.crop_image": _refused(
        "object_pose", (False,), "set it to false: the tracker works around the mask by itself"
    ),
    "obj_pose_tracking.interpolation_factor": _refused(
        "object_pose", (1,), "set it to 1: no frames are interpolated"
    ),
    "contact.*": Key(("contact_labels",)),
    "optimization.*": _OPTIMIZER,
    f"{_STAGE}.niter": _OPTIMIZER,
    f"{_STAGE}.schedule": _OPTIMIZER,
    f"{_STAGE}.opt_vars.*.*": _OPTIMIZER,
    f"{_STAGE}.opt_vars.*.xy_only": _refused(
        "reconstruction", (False,), "set it to false: the whole translation is optimized"
    ),
    f"{_STAGE}.opt_vars.*.arm_only": _refused(
        "reconstruction", (False,), "set it to false: all joints of the body are optimized"
    ),
    f"{_STAGE}.loss_cfg.*.*": _OPTIMIZER,
    f"{_STAGE}.loss_cfg.contact.threshold": _LOSS_THRESHOLD,
    f"{_STAGE}.loss_cfg.verts_tracking.threshold": _LOSS_THRESHOLD,
    f"{_STAGE}.loss_cfg.depth_pointcloud.duration": _refused(
        "reconstruction", ("all",), "remove it: all frames count"
    ),
    f"{_STAGE}.loss_cfg.depth_pointcloud.depth_tol": _refused(
        "reconstruction", (0.02,), "remove it: surfaces are sampled where they are seen"
    ),
    "optimization.log_dir": Key(note="no log files are written; Dagster keeps the log of a run"),
    "optimization.exp_name": Key(note="no log files are written; Dagster keeps the log of a run"),
    "optimization.use_global": _refused(
        "reconstruction", (False,), "set it to false: the first guess is the camera's"
    ),
    "optimization.cache_list": Key(note="records decide what is kept"),
    "optimization.vis_cfg.vis_init": Key(note="the first guess is not drawn"),
    "optimization.vis_cfg.enable": _refused(
        "visualization", (True,), "set pipeline.skip_step6: true instead"
    ),
    "optimization.vis_cfg.export_mesh": _refused(
        "visualization", (False,), "set it to false: hoi_data holds the motion"
    ),
    "optimization.vis_cfg.extra_views": _refused(
        "visualization", (["top"],), "set it to [top]: that view is drawn"
    ),
    **{
        f"optimization.vis_cfg.{name}": _refused(
            "visualization", (True,), "set it to true: it is always drawn"
        )
        for name in ("render_video", "vis_html", "vis_contact")
    },
    "optimization.dct_cfg.enable": _refused(
        "reconstruction", (False,), "set it to false: frames are optimized"
    ),
    "optimization.dct_cfg.coeff_ratio": Key(note="read only with dct_cfg.enable, which is refused"),
    "optimization.eval.*.*": _refused("filtered_hoi", (None,), _EVAL_CURE),
    "optimization.eval.keypoint_tracking.weight": _refused("filtered_hoi", (None, 0.1), _EVAL_CURE),
    "optimization.eval.keypoint_tracking.beta": _refused("filtered_hoi", (None, 0.1), _EVAL_CURE),
    "optimization.eval.keypoint_tracking.threshold": _refused(
        "filtered_hoi", (None, 2.0), _EVAL_CURE
    ),
    "optimization.eval.contact.weight": _refused("filtered_hoi", (None, 1e5), _EVAL_CURE),
    "optimization.eval.contact.duration": _refused("filtered_hoi", (None, "all"), _EVAL_CURE),
    "optimization.eval.contact.threshold": _refused("filtered_hoi", (None, 5.0), _EVAL_CURE),
    "optimization.eval.contact.max_contact_dist": _refused(
        "filtered_hoi", (None, 0.15), _EVAL_CURE
    ),
    "filtering.*": Key(("filtered_hoi",)),
    "post_processing.center_at_object": _refused(
        "filtered_hoi", (True,), "set it to true: the packaged origin lies below table or object"
    ),
    "post_processing.compute_contact_points_nframes_before_inter_start": _refused(
        "filtered_hoi",
        (48, 24),
        "remove it: contact points are written for every frame that has them",
    ),
    "pipeline.*": _RUN,
    "pipeline.is_static_obj": Key(("object_pose", "reconstruction")),
}

_OBJECT: Final[dict[str, Key]] = {
    "obj_scale": Key(("settled_pose", "object_scale if not searched")),
    "real_size_m": Key(("settled_pose", "object_scale if not searched")),
    "scene": _CLIP_ID,
    "task": Key(note="which configuration applies to the object"),
    "name": Key(("video_prompt", "object_scale if searched")),
    "source": Key(("object_mesh",), may_change=_VIDEO),  # the library's objects bring a grasp
    "up": Key(("object_mesh if from a file",)),
    "grasp.*": _SIMULATED,
}

KEYS: Final[dict[str, Key]] = {
    "profile": Key(note="a layer of values; the values count"),
    **{f"gen_2dhoi.{name}": key for name, key in _GEN.items()},
    **{f"recon_4dhoi.{name}": key for name, key in _RECON.items()},
    **{f"object.{name}": key for name, key in _OBJECT.items()},
    "sizes.*": Key(("object_scale if sized by its category",)),
    "scene.name": Key(note="has to be the file's name"),
    "scene.*": _SCENE,
    "scene.*.*": _SCENE,
    "scene.requirements.*": _RENDER,
    "character.*": _SCENE,
    "character.phenotype.*": _SCENE,
    "character.palette.*": _SCENE,
}
