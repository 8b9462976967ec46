"""What a command makes again, and what it leaves as it is: --skip_done, --force, --buy-again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.base import hint
from hoi_platform.core.config.keys import CONDITIONS
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.config.settings import Settings
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.services.backends.chosen import chosen
from hoi_platform.services.backends.registry import Role, is_free
from hoi_platform.services.platform import Platform

WorkList = Sequence[tuple[ObjectId, Sequence[int]]]

# Stage → the condition (of the table of keys) under which it asks a backend that may bill.
PAID_STAGES: Final[Mapping[str, tuple[str, Role]]] = {
    "object_scale": ("searched", "vision_model"),
    "video_prompt": ("refined", "vision_model"),
    "video_task": ("paid", "video"),
}


@dataclass(frozen=True)
class Redo:
    """What the flags say about artifacts that exist."""

    skip_done: bool = False
    """Keep everything that exists, even if it was made with other settings; make, and buy for the
    first time, what is missing."""
    force: tuple[str, ...] = ()
    """Stages that are made again although they are done."""
    buy_again: bool = False
    """What was paid for may be paid for again."""

    def check(self, assets: Sequence[str], settings: Settings) -> None:
        """Raises ConfigError for flags that contradict each other, or would spend money unasked."""
        if self.force and self.skip_done:
            raise ConfigError("--skip_done leaves what is done, --force redoes it: drop one")
        if self.buy_again and self.skip_done:
            raise ConfigError("--skip_done buys nothing again, --buy-again does: drop one")
        for stage in self.force:
            if stage not in assets:
                raise ConfigError(
                    f"--force {stage}: this command does not make it; {hint(stage, assets)}"
                )
        paid = [stage for stage in self.force if is_paid(stage, settings)]
        if paid and not self.buy_again:
            raise ConfigError(
                f"--force {paid[0]}: making it again asks a paid service; add --buy-again if "
                "that is meant (the same request is still never bought twice)"
            )

    def check_bought(self, platform: Platform, work: WorkList, assets: Sequence[str]) -> None:
        """Raises ConfigError where a clip that has a bought video would get another one."""
        if self.skip_done or self.buy_again or "video_task" not in assets:
            return
        if found := list(bought_otherwise(platform, work)):
            raise ConfigError(
                f"{len(found)} clips have a video that was bought with other settings or inputs "
                f"({', '.join(map(str, found[:3]))}{' …' if len(found) > 3 else ''}); keep them "
                "with --skip_done, or buy others with --buy-again"
            )


def is_paid(stage: str, settings: Settings) -> bool:
    """Whether making the stage costs money with these settings."""
    if stage not in PAID_STAGES:
        return False
    condition, role = PAID_STAGES[stage]
    # These conditions read no entry.
    asks = CONDITIONS[condition](settings, ObjectEntry())
    return asks and chosen(role, settings).backend.paid


def bought_otherwise(platform: Platform, work: WorkList) -> Iterator[ClipId]:
    """Clips whose video was bought, and would be bought anew with today's settings."""
    stages = platform.stages(STAGES)
    for object_id, seeds in work:
        if not is_paid("video_task", platform.settings(object_id.task)):
            continue
        for seed in seeds:
            clip = platform.clip(object_id, seed)
            bought = _was_bought(platform, clip)
            if bought and not stages.status("video_task", clip, verify=False).made:
                yield clip


def _was_bought(platform: Platform, clip: ClipId) -> bool:
    """Whether a paid service made a video of the clip, whichever variant stands in place."""
    records = platform.store.variants("video_task", clip).values()
    standing = platform.store.record("video_task", clip)
    made_by = [str(r.facts.get("provider")) for r in (standing, *records) if r]
    return any(not is_free("video", name) for name in made_by)


def batches(
    platform: Platform, work: WorkList, assets: Sequence[str], skip_done: bool
) -> list[tuple[WorkList, list[str]]]:
    """The work in parts that need the same assets; all of it in one unless --skip_done."""
    if not skip_done:
        return [(work, list(assets))]
    parts: dict[tuple[str, ...], dict[ObjectId, list[int]]] = {}
    for object_id, seeds in work:
        if left := _left(platform, assets, "object", object_id):
            parts.setdefault(left, {}).setdefault(object_id, [])
        for seed in seeds:
            if left := _left(platform, assets, "clip", platform.clip(object_id, seed)):
                parts.setdefault(left, {}).setdefault(object_id, []).append(seed)
    order = flow_order()
    first = sorted(parts, key=lambda left: min(map(order.index, left)))
    return [(list(parts[left].items()), list(left)) for left in first]


def exists(platform: Platform, asset: str, subject: ObjectId | ClipId) -> bool:
    """Whether the artifact is there and whole, with whatever settings it was made."""
    record = platform.store.record(asset, subject)
    return record is not None and all(
        (platform.store.root / file).is_file() for file in record.files
    )


def is_blocked(platform: Platform, asset: str, subject: ObjectId | ClipId) -> bool:
    """Whether --skip_done keeps something above a missing artifact that it cannot be made of."""
    stages = platform.stages(STAGES)
    needed = STAGES[asset].needed(stages.context(subject))
    above = [(name, upstream_subject(name, subject)) for name in needed]
    return any(
        isinstance(s, ObjectId | ClipId)
        and exists(platform, name, s)
        and not stages.status(name, s).done
        for name, s in above
    )


def valid_clips(platform: Platform, work: WorkList) -> WorkList:
    """The clips that passed the filter, for ``vis_valid_only``."""
    result = []
    for object_id, seeds in work:
        records = [
            (seed, platform.store.record("filtered_hoi", platform.clip(object_id, seed)))
            for seed in seeds
        ]
        if valid := [seed for seed, record in records if record and record.facts.get("valid")]:
            result.append((object_id, valid))
    return result


def _left(
    platform: Platform, assets: Sequence[str], scope: str, subject: ObjectId | ClipId
) -> tuple[str, ...]:
    of_scope = [asset for asset in assets if ARTIFACTS[asset].scope == scope]
    left = [a for a in of_scope if not exists(platform, a, upstream_subject(a, subject) or subject)]
    return tuple(platform.stages(STAGES).in_demand(left, subject))
