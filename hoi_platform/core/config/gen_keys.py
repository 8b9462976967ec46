"""What each key of ``configs/gen_2dhoi`` does here (see ``keys``)."""

from dataclasses import replace
from typing import Final

from hoi_platform.core.clip import MAX_SEED
from hoi_platform.core.config.gen_2dhoi import SEPARATOR, GenPathsConfig
from hoi_platform.core.config.key_rows import (
    IMPORTED,
    PERFORMED,
    RENDER,
    RUN,
    SCENE,
    SIMULATED,
    STATED,
    TERMS,
    VIDEO,
    fixed_folder,
    model_rows,
    refused,
)
from hoi_platform.core.config.keys import Key

_LIMIT: Final = Key(note="how a paid service is asked; no result depends on it")
_PAID: Final = Key(
    tuple(f"{stage} if paid" for stage in VIDEO),
    note="read by paid services; a simulated clip goes by simulated_frames and simulated_fps",
)

_ASKED: Final = ("video_prompt if refined", "object_scale if searched")
_ANSWERS_STATED: Final = Key(
    ("filtered_hoi if refined", "filtered_hoi if searched"), note=STATED.note
)

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

GEN_KEYS: Final[dict[str, Key]] = {
    "character": SCENE,
    "character_dir": Key(note="where the character is searched; its content is what counts"),
    "texture_dir": refused(
        "scene_render",
        ("configs/characters", "data/characters"),
        "remove the key: characters here have colors (palette) instead of textures",
    ),
    "results_dir": RUN,
    "object_config": Key(note="one more catalogue file; the content of its entries counts"),
    "scene_config": Key(note="where the scene is searched; its content is what counts"),
    "scene": SCENE,
    "task": Key(note="guards against a file of another task"),
    "verbose": RUN,
    "skip_step1": RUN,
    "skip_step2": Key(("object_scale",), may_change=TERMS),
    "skip_step3": RUN,
    "skip_step4": RUN,
    "skip_done": RUN,
    **{
        f"paths.{name}": fixed_folder(stage, GenPathsConfig.model_fields[name].default)
        for name, stage in _GEN_FOLDERS.items()
    },
    "simulation.*": Key(("settled_pose",)),
    "simulation.seed": Key(
        ("settled_pose", *SCENE.reads, *PERFORMED.reads), may_change=("video_prompt",)
    ),
    "simulation.save_usd": refused(
        "settled_pose", (False,), "set it to false: initial_state.json and mesh/ hold the same"
    ),
    "simulation.use_initial_state": SCENE,
    "scale.max_iterations": Key(("object_scale if searched",)),
    "rendering.*": RENDER,
    "rendering.num_rand_scenes": Key(
        note="how many clips are requested",
        accepts=lambda count: count <= MAX_SEED,
        refused_by=("scene_render",),
        cure=f"the grid has {MAX_SEED} seeds; set it to {MAX_SEED} or less",
    ),
    "rendering.gpu": Key((*SCENE.reads, *SIMULATED.reads)),
    "rendering.no_rand_seed": SCENE,
    "rendering.render_start_end": refused(
        "scene_render", (False,), "set it to false: one conditioning frame is rendered"
    ),
    "video.*": _LIMIT,
    "video.budget.*": _LIMIT,
    "video.num_videos": _PAID,
    "video.num_video_segments": _PAID,
    "video.model_api": Key((*VIDEO, "video_prompt if refinable"), may_change=TERMS),
    **model_rows("video.model", *VIDEO),
    "video.kling_model_name": replace(_PAID, may_change=TERMS),
    "video.duration": _PAID,
    "video.kling_mode": _PAID,
    "video.commercial_ok": Key(("filtered_hoi if paid",), note=STATED.note),
    "video.imported_dir": replace(IMPORTED, note="the content of each clip's file counts"),
    "video.skip_prompt_refinement": Key(("video_prompt if paid",), may_change=TERMS),
    "video.base_prompt": Key(
        ("video_prompt",),
        accepts=lambda texts: not any("#" in text for text in texts),
        refused_by=("video_prompt",),
        cure="one prompt serves all segments here; remove the part from '#' on",
    ),
    "video.seg_idx_for_tail_image": _PAID,
    "video.use_all_tail_images": _PAID,
    "video.simulated_fps": PERFORMED,
    "video.simulated_frames": PERFORMED,
    "video.simulated_samples": SIMULATED,
    "chatgpt.backend": Key(_ASKED, may_change=TERMS),
    **model_rows("chatgpt.backend_model", *_ASKED, stated=_ANSWERS_STATED),
    "chatgpt.model": Key(_ASKED, may_change=TERMS),
    "chatgpt.commercial_ok": _ANSWERS_STATED,
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
