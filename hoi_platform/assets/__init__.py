"""One module per asset, in folders by group. Importing any of them imports all.

So every stage is registered. Beside the folders is what all assets share.

Belongs here: bodies that load, call one function and store. Does not: numerics, HTTP, the clock.
"""

from hoi_platform.assets.dataset import (
    dataset_index,
)
from hoi_platform.assets.gen_2dhoi import (
    interaction_video,
    object_mesh,
    object_scale,
    performance,
    scene_render,
    settled_pose,
    video_prompt,
    video_task,
)
from hoi_platform.assets.recon_4dhoi import (
    clip_accuracy,
    contact_labels,
    filtered_hoi,
    human_pose,
    object_pose,
    reconstruction,
    scene_tracks,
    visualization,
)
from hoi_platform.assets.spending import purchase_plan

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
    "performance",
    "purchase_plan",
    "reconstruction",
    "scene_render",
    "scene_tracks",
    "settled_pose",
    "video_prompt",
    "video_task",
    "visualization",
]
