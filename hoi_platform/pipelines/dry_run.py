"""What a run of ``gen_2dhoi`` would buy: counted and priced, nothing sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.gen_2dhoi import PROMPTLESS_VIDEO, Gen2DHOIConfig, VideoConfig
from hoi_platform.pipelines.redo import Redo, WorkList, bought_otherwise, exists, is_blocked
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.backends.registry import is_free
from hoi_platform.services.plans.book import PlanBook
from hoi_platform.services.plans.pricing import QUESTION_USD, price_of
from hoi_platform.services.platform import Platform
from hoi_platform.services.video.pricing import video_price_usd


@dataclass(frozen=True)
class Purchase:
    """What one object would cost."""

    object_id: ObjectId
    videos: int
    videos_to_buy: int
    model_calls: int
    usd: Decimal
    kept: int = 0
    """Videos that were bought with other settings, and are bought again with --buy-again alone."""
    blocked: int = 0
    """Missing videos that --skip_done cannot make: what is above them has other settings."""


def plan_purchases(
    platform: Platform, config: Gen2DHOIConfig, work: WorkList, redo: Redo
) -> list[Purchase]:
    """One entry per object; what is done for today's inputs costs nothing.

    The number of model calls is the most that there can be: a scale search may end early.
    """
    return [_purchase(platform, config, object_id, seeds, redo) for object_id, seeds in work]


def print_purchases(purchases: Sequence[Purchase], video: VideoConfig, redo: Redo) -> None:
    """A table per object and in sum."""
    from hoi_platform.commands.terminal import console, table

    total = Purchase(
        ObjectId("all", "objects"),
        sum(p.videos for p in purchases),
        sum(p.videos_to_buy for p in purchases),
        sum(p.model_calls for p in purchases),
        sum((p.usd for p in purchases), Decimal(0)),
    )
    rows = [
        (p.object_id.path, p.videos, p.videos_to_buy, p.model_calls, f"{p.usd:.2f}")
        for p in [*purchases, total]
    ]
    columns = ("object", "videos to make", "of them bought", "model calls (most)", "USD (estimate)")
    console.print(table("Dry run: nothing was sent", columns, rows))
    kind = f"{video.model_api}, {video.kling_model_name} {video.kling_mode}, {video.duration} s"
    for line in _notes(purchases, redo):
        console.print(line, soft_wrap=True)
    free = is_free("video", video.model_api)
    console.print(f"videos are free ({video.model_api})" if free else kind)


def write_plan_if_needed(
    resource: PlatformResource, config: Gen2DHOIConfig, work: WorkList
) -> None:
    """A plan to approve where the run would buy more than a launch may."""
    from hoi_platform.commands.plan_shown import print_plan

    platform, budget = resource.platform(), config.video.budget
    clips = [platform.clip(object_id, seed) for object_id, seeds in work for seed in seeds]
    prices = price_of(platform.stages(STAGES), () if config.skip_step4 else clips)
    if budget.confirm_above_usd is None or prices.videos_usd <= budget.confirm_above_usd:
        return
    ledger = LedgerResource(platform=resource).ledger(budget)
    print_plan(PlanBook(ledger).write(prices, "gen_2dhoi --dry_run"), ledger, budget)


def _notes(purchases: Sequence[Purchase], redo: Redo) -> Iterator[str]:
    kept, blocked = sum(p.kept for p in purchases), sum(p.blocked for p in purchases)
    if redo.skip_done:
        yield (
            "--skip_done: what exists is neither made nor bought again; what is counted here is "
            "missing, and bought for the first time"
        )
        if blocked:
            yield (
                f"{blocked} videos are missing and cannot be made: stages above them were made "
                "with other settings; run without --skip_done, or with those settings"
            )
    elif kept:
        yield (
            f"{kept} clips have a video that was bought with other settings: the run needs "
            "--skip_done (keep them) or --buy-again (buy others)"
        )


def _purchase(
    platform: Platform,
    config: Gen2DHOIConfig,
    object_id: ObjectId,
    seeds: Sequence[int],
    redo: Redo,
) -> Purchase:
    def is_left(asset: str, subject: ObjectId | ClipId) -> bool:
        if redo.skip_done:
            return not exists(platform, asset, subject)
        status = platform.stages(STAGES).status(asset, subject)
        return asset in redo.force or not status.made

    calls = 0
    if not config.skip_step2 and is_left("object_scale", object_id):
        calls += config.scale.max_iterations
    video, clips = config.video, [platform.clip(object_id, seed) for seed in seeds]
    missing = [] if config.skip_step4 else [c for c in clips if is_left("video_task", c)]
    blocked = [c for c in missing if redo.skip_done and is_blocked(platform, "video_task", c)]
    missing = [c for c in missing if c not in blocked]
    paid = not is_free("video", video.model_api)
    if video.model_api not in PROMPTLESS_VIDEO and not video.skip_prompt_refinement:
        calls += sum(is_left("video_prompt", clip) for clip in missing)
    kept = set() if redo.buy_again else {*bought_otherwise(platform, [(object_id, seeds)])}
    price = video_price_usd(video.kling_model_name, video.kling_mode, float(video.duration))
    per_clip = video.num_videos * video.num_video_segments
    to_buy = per_clip * len([c for c in missing if c not in kept]) if paid else 0
    usd = to_buy * price + calls * QUESTION_USD
    return Purchase(
        object_id,
        len(missing),
        videos_to_buy=to_buy,
        model_calls=calls,
        usd=usd,
        kept=len(kept),
        blocked=len(blocked),
    )
