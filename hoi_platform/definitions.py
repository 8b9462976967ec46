"""The map of the system: assets in flow order (each with its checks), resources.

Belongs here: the list. Does not: any logic.
"""

from typing import Any

import dagster as dg

from hoi_platform.assets.dataset.dataset_index import dataset_index
from hoi_platform.assets.dataset.no_cell_is_left import no_cell_is_left
from hoi_platform.assets.gen_2dhoi.interaction_video import interaction_video
from hoi_platform.assets.gen_2dhoi.object_mesh import object_mesh
from hoi_platform.assets.gen_2dhoi.object_scale import object_scale
from hoi_platform.assets.gen_2dhoi.performance import performance
from hoi_platform.assets.gen_2dhoi.scene_render import scene_render
from hoi_platform.assets.gen_2dhoi.settled_pose import settled_pose
from hoi_platform.assets.gen_2dhoi.video_prompt import video_prompt
from hoi_platform.assets.gen_2dhoi.video_task import video_task
from hoi_platform.assets.recon_4dhoi.clip_accuracy import clip_accuracy
from hoi_platform.assets.recon_4dhoi.contact_labels import contact_labels
from hoi_platform.assets.recon_4dhoi.filtered_hoi import filtered_hoi
from hoi_platform.assets.recon_4dhoi.human_pose import human_pose
from hoi_platform.assets.recon_4dhoi.object_pose import object_pose
from hoi_platform.assets.recon_4dhoi.reconstruction import reconstruction
from hoi_platform.assets.recon_4dhoi.scene_tracks import scene_tracks
from hoi_platform.assets.recon_4dhoi.visualization import visualization
from hoi_platform.assets.spending.purchase_plan import purchase_plan
from hoi_platform.jobs.approve_plan import approve_plan
from hoi_platform.jobs.make_clips import make_clips
from hoi_platform.liveness.executor import beating_executor
from hoi_platform.resources.backends import BackendsResource
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.keys import protect_keys
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.models import ModelsResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.progress import ProgressResource
from hoi_platform.resources.video import VideoResource
from hoi_platform.resources.vision import VisionResource
from hoi_platform.retention.job import CLEAN_UP_WEEKLY, clean_up
from hoi_platform.schedules.new_objects import new_objects
from hoi_platform.schedules.nightly_growth import grow, nightly_growth
from hoi_platform.sensors.jobs import CLIP_CHAIN, OBJECT_CHAIN
from hoi_platform.sensors.refresh_index import refresh_index
from hoi_platform.sensors.resume_partial_batches import resume_partial_batches
from hoi_platform.sensors.video_poll import video_poll

ASSETS = [
    object_mesh,
    settled_pose,
    object_scale,
    scene_render,
    video_prompt,
    video_task,
    performance,
    interaction_video,
    human_pose,
    scene_tracks,
    object_pose,
    contact_labels,
    reconstruction,
    clip_accuracy,
    filtered_hoi,
    visualization,
    dataset_index,
    purchase_plan,
]
CHECKS = [no_cell_is_left]
JOBS = [OBJECT_CHAIN, CLIP_CHAIN, make_clips, approve_plan, grow, clean_up]
SCHEDULES = [nightly_growth, CLEAN_UP_WEEKLY]
SENSORS = [video_poll, resume_partial_batches, refresh_index, new_objects]

protect_keys()


def build_defs(**overrides: Any) -> dg.Definitions:
    """The definitions; a keyword replaces the resource of that name."""
    blender = BlenderResource()
    platform = overrides.get("platform", PlatformResource())
    ledger = LedgerResource(platform=platform)
    resources = {
        "platform": platform,
        "ledger": ledger,
        "progress": ProgressResource(),
        "blender": blender,
        "backends": BackendsResource(),
        "models": ModelsResource(),
        "video": VideoResource(blender=blender, ledger=ledger),
        "vision": VisionResource(ledger=ledger),
    }
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=CHECKS,
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources={**resources, **overrides},
        executor=beating_executor,
    )


defs = build_defs()
