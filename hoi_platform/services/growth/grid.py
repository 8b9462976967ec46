"""The cells that may be grown: which are empty, and how many clips each category has."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from hoi_platform.core.clip import ClipId, ObjectId, seed_key
from hoi_platform.core.config.gen_2dhoi import PROMPTLESS_VIDEO, Gen2DHOIConfig
from hoi_platform.core.growth.choice import Counts, EmptyCell, Group
from hoi_platform.core.growth.config import GrowthConfig
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.backends.registry import is_free
from hoi_platform.services.clips import video_rejection
from hoi_platform.services.plans.pricing import QUESTION_USD, order_usd
from hoi_platform.services.platform import Platform

State = str
"""``valid``, ``rejected``, ``in_work`` or ``empty``."""


@dataclass(frozen=True)
class Grid:
    """What a night chooses from."""

    clips: Mapping[str, ClipId]
    """Partition key → clip, of the empty cells."""
    empty: tuple[EmptyCell, ...]
    counts: Mapping[Group, Counts]
    given_up: int = 0
    """Empty cells that were begun in too many nights."""


def read_grid(
    platform: Platform,
    config: GrowthConfig,
    begun: Collection[str] = (),
    nights: Mapping[str, int] | None = None,
) -> Grid:
    """The grid's cells of the configured tasks and seeds, with today's characters and scenes.

    ``begun`` are the keys that were begun this night and count as in work; ``nights`` says in how
    many earlier ones a key was begun.
    """
    states: dict[Group, Counter[State]] = {}
    clips: dict[str, ClipId] = {}
    empty: list[EmptyCell] = []
    given_up = 0
    for object_id, object_key in sorted(platform.catalogue.keys().items()):
        if object_id.task not in config.tasks:
            continue
        group, price = (object_id.task, object_id.category), _price(platform, object_id)
        for seed in range(1, config.seeds_per_object + 1):
            clip, key = platform.clip(object_id, seed), f"{object_key}|{seed_key(seed)}"
            state = _state(platform.store, clip)
            if state == "empty" and key in begun:
                state = "in_work"
            states.setdefault(group, Counter())[state] += 1
            if state != "empty":
                continue
            if (nights or {}).get(key, 0) >= config.tries:
                given_up += 1
                continue
            clips[key] = clip
            empty.append(EmptyCell(key, group, price))
    return Grid(clips, tuple(empty), {g: _counts(found) for g, found in states.items()}, given_up)


def _counts(states: Counter[State]) -> Counts:
    return Counts(states["valid"], states["rejected"], states["in_work"])


def _state(store: ArtifactStore, clip: ClipId) -> State:
    if video_rejection(store, clip):
        return "rejected"
    verdict = store.record("filtered_hoi", clip)
    if verdict is not None:
        return "valid" if verdict.facts.get("valid") else "rejected"
    return "empty" if store.record("video_task", clip) is None else "in_work"


def _price(platform: Platform, object_id: ObjectId) -> Decimal:
    """What a cell of the object is expected to cost: its video and the questions before it."""
    gen = platform.settings(object_id.task).gen_2dhoi
    video = gen.video
    questions = int(video.model_api not in PROMPTLESS_VIDEO and not video.skip_prompt_refinement)
    if _searches(platform, object_id, gen):
        questions += gen.scale.max_iterations
    paid = Decimal(0) if is_free("video", video.model_api) else order_usd(video)
    return paid + questions * QUESTION_USD


def _searches(platform: Platform, object_id: ObjectId, gen: Gen2DHOIConfig) -> bool:
    return not gen.skip_step2 and platform.store.record("object_scale", object_id) is None
