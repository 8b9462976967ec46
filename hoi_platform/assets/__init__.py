"""One module per asset. Importing any of them imports all, so that every stage is registered."""

from hoi_platform.assets import (
    clip_accuracy,
    contact_labels,
    dataset_index,
    filtered_hoi,
    human_pose,
    interaction_video,
    object_mesh,
    object_pose,
    object_scale,
    reconstruction,
    scene_render,
    scene_tracks,
    settled_pose,
    video_prompt,
    video_task,
    visualization,
)

__all__ = [
    "clip_accuracy",
    "contact_labels",
    "dataset_index",
    "filtered_hoi",
    "human_pose",
    "interaction_video",
    "object_mesh",
    "object_pose",
    "object_scale",
    "reconstruction",
    "scene_render",
    "scene_tracks",
    "settled_pose",
    "video_prompt",
    "video_task",
    "visualization",
]
