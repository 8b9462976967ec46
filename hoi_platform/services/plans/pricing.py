"""What clips would cost with today's settings, before any of them is made."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.gen_2dhoi import PROMPTLESS_VIDEO, VideoConfig
from hoi_platform.services.artifacts.stages import Stages
from hoi_platform.services.backends.registry import is_free
from hoi_platform.services.video.pricing import video_price_usd

QUESTION_USD: Final = Decimal("0.01")
"""Upper estimate of one question to the vision model with an image (USD); chosen: gpt-4o costs
about half."""


@dataclass(frozen=True)
class Cell:
    """A clip that a plan buys a video for."""

    subject: str
    """The clip's path."""
    what: str
    usd: Decimal


@dataclass(frozen=True)
class Prices:
    """What the missing videos of some clips cost."""

    cells: tuple[Cell, ...]
    questions_usd: Decimal
    """Most that questions to the vision model cost on the way."""

    @property
    def videos_usd(self) -> Decimal:
        return sum((cell.usd for cell in self.cells), Decimal(0))


def price_of(stages: Stages, clips: Iterable[ClipId]) -> Prices:
    """The prices of the clips whose video would be bought; the others cost nothing.

    A clip that has a video of a paid service is left out: another one is bought on explicit
    request alone.
    """
    bought = [clip for clip in clips if _is_bought(stages, clip)]
    cells = (_cell(clip, stages.context(clip).settings.gen_2dhoi.video) for clip in bought)
    objects = {clip.object_id for clip in bought}
    questions = sum(_refinements(stages, clip) for clip in bought)
    questions += sum(_searches(stages, object_id) for object_id in objects)
    return Prices(tuple(cells), questions * QUESTION_USD)


def what_of(config: VideoConfig) -> str:
    """What is bought for a clip, in words; a plan releases this and nothing else."""
    count = config.num_videos * config.num_video_segments
    times = f" x {count}" if count > 1 else ""
    named = f"{config.model_api} {config.kling_model_name} {config.kling_mode}"
    return f"{named}, {config.duration} s{times}"


def order_usd(config: VideoConfig) -> Decimal:
    """The list price of a clip's whole order: every take and segment."""
    each = video_price_usd(config.kling_model_name, config.kling_mode, float(config.duration))
    return each * config.num_videos * config.num_video_segments


def _cell(clip: ClipId, config: VideoConfig) -> Cell:
    return Cell(clip.path, what_of(config), order_usd(config))


def _is_bought(stages: Stages, clip: ClipId) -> bool:
    """Whether a run of the clip's chain would buy its first video."""
    if is_free("video", stages.context(clip).settings.gen_2dhoi.video.model_api):
        return False
    if stages.status("video_task", clip, verify=False).made:
        return False
    store = stages.store
    known = (store.record("video_task", clip), *store.variants("video_task", clip).values())
    return all(is_free("video", str(record.facts.get("provider"))) for record in known if record)


def _refinements(stages: Stages, clip: ClipId) -> int:
    """Questions that the wording of the clip's prompt costs."""
    video = stages.context(clip).settings.gen_2dhoi.video
    refines = not video.skip_prompt_refinement and video.model_api not in PROMPTLESS_VIDEO
    return int(refines and not stages.status("video_prompt", clip, verify=False).made)


def _searches(stages: Stages, object_id: ObjectId) -> int:
    """The most questions that the object's scale costs."""
    gen = stages.context(object_id).settings.gen_2dhoi
    made = gen.skip_step2 or stages.status("object_scale", object_id, verify=False).made
    return 0 if made else gen.scale.max_iterations
