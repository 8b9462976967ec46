"""The sensor ``video_poll``: asks for the videos that are ready."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

import dagster as dg

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.clip import FIRST_TASK, ClipId
from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.partitions import cell_key
from hoi_platform.resources.ledger import LedgerResource, ledger_exists
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.video import VideoResource
from hoi_platform.sensors.jobs import CLIP_CHAIN
from hoi_platform.services.artifacts.stages import Stages
from hoi_platform.services.clips import VIDEO, clips_named
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.platform import Platform
from hoi_platform.services.secrets import leaves_clean
from hoi_platform.services.video.polling import poll_open_tasks
from hoi_platform.unfinished.asked import keys_of, runs_in_work

MOST_REQUESTS: Final = 20
"""Runs that one tick requests; the next tick goes on. Chosen."""
_ASK_AGAIN: Final = {"fal-ai": timedelta(minutes=10)}
"""A ready clip whose run did not fetch it is requested again after this time: fal keeps a video
for an hour or less."""
_ASK_AGAIN_LATER: Final = timedelta(hours=6)
"""The same for services that keep it for weeks."""
_OFFER_AGAIN: Final = timedelta(minutes=10)
_OFFER_AT_MOST: Final = timedelta(days=1)

_SUBJECT: Final = "hoi/clip"
_SUBMIT: Final = "video_task"
_OF_CLIPS: Final = [name for name in flow_order() if ARTIFACTS[name].scope == "clip"]


@dg.sensor(
    job=CLIP_CHAIN,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
@leaves_clean
def video_poll(
    context: dg.SensorEvaluationContext,
    platform: PlatformResource,
    ledger: LedgerResource,
    video: VideoResource,
) -> dg.SensorResult | dg.SkipReason:
    """Query all open video tasks at once, and request the clips whose videos are ready.

    Their whole chain is requested, as far as it is not done. Requests that found no free slot are
    submitted again while slots are free. A clip for which a run is at work is left to it.
    """
    service = platform.platform()
    if not ledger_exists(service.results_dir):
        return dg.SkipReason("nothing has been bought: there is no ledger yet")
    config = service.settings(FIRST_TASK).gen_2dhoi.video
    book = ledger.ledger(config.budget)
    poll = poll_open_tasks(book, lambda row: video.of_row(row, config))
    for error in poll.unread:
        context.log.warning("not read: %s", error)
    for error in poll.unasked:
        context.log.warning("not asked: %s", error)
    now = book.now()
    due = [*poll.ready, *poll.fetched]
    requests = [*ready_requests(service, due, now)]
    named = {subject for row in due for subject in row.subjects}
    for subject in sorted(named - _subjects(requests)):
        context.log.warning(
            "%s is ready, and is not what today's configuration asks for; `hoi ledger resume` "
            "with the configuration that it was ordered with fetches it",
            subject,
        )
    requests += offer_requests(service, book, config, now)
    busy = keys_of(runs_in_work(context.instance))
    requests = [request for request in requests if str(request.partition_key) not in busy]
    if not requests:
        return dg.SkipReason(f"{poll.asked} open, none ready; {len(poll.unread)} not read")
    return dg.SensorResult(run_requests=requests[:MOST_REQUESTS])


def ready_requests(
    platform: Platform, rows: list[RequestRow], now: datetime
) -> Iterator[dg.RunRequest]:
    """A run per finished task; more, while its video is not fetched, every ``_ASK_AGAIN``.

    Only for clips whose task is the one that today's configuration asks for: a run for any other
    would order another video.
    """
    stages = platform.stages(STAGES)
    for row in rows:
        if row.fetch_after is not None and now < row.fetch_after:
            continue  # the service gave no whole file; it is asked again later
        clips = [clip for subject in row.subjects for clip in clips_named(platform, subject)]
        if not all(stages.status("video_task", clip, verify=False).made for clip in clips):
            continue
        times = (now - row.updated_at) // _ASK_AGAIN.get(row.provider, _ASK_AGAIN_LATER)
        again = f":fetch{row.fetches}" if row.fetches else ""
        again += f":{times}" if times > 0 else ""
        yield from _requests(platform, row, f"video:{row.external_task_id}{again}", _rest)


def offer_requests(
    platform: Platform, book: Ledger, config: VideoConfig, now: datetime
) -> Iterator[dg.RunRequest]:
    """Runs for requests that were not accepted, as far as the account has free slots.

    What was not accepted after ``video_task`` was done is a later segment: collecting orders it.
    """
    waiting = [row for row in book.rows({RequestState.RESERVED}) if _is_asked_for(row, config)]
    for row in waiting:
        open_now = [r for r in book.rows(OPEN, row.account) if r.kind == "video"]
        idle, age = now - row.updated_at, now - row.reserved_at
        if len(open_now) < config.concurrency and idle > _OFFER_AGAIN and age < _OFFER_AT_MOST:
            bucket = int(now.timestamp() // _OFFER_AGAIN.total_seconds())
            run_key = f"offer:{row.external_task_id}:{bucket}"
            submitted = any(
                platform.store.record("video_task", clip)
                for subject in row.subjects
                for clip in clips_named(platform, subject)
            )
            yield from _requests(platform, row, run_key, _rest if submitted else _nothing)


def _is_asked_for(row: RequestRow, config: VideoConfig) -> bool:
    """Whether it is a video by the backend and model of today (fal names models otherwise)."""
    if row.kind != "video" or row.provider != config.model_api:
        return False
    return row.provider != "kling-ai" or row.model == config.kling_model_name


def _requests(
    platform: Platform, row: RequestRow, run_key: str, more: Callable[[Stages, ClipId], list[str]]
) -> Iterator[dg.RunRequest]:
    """``video_task``, which buys nothing that the row holds, and ``more`` of each of its clips."""
    stages = platform.stages(STAGES)
    for clip in (c for subject in row.subjects for c in clips_named(platform, subject)):
        key = platform.catalogue.key(clip.object_id)
        yield dg.RunRequest(
            run_key=f"{run_key}:{key}",
            partition_key=cell_key(key, clip.seed),
            asset_selection=[dg.AssetKey(name) for name in (_SUBMIT, *more(stages, clip))],
            tags={"hoi/external_task_id": row.external_task_id, _SUBJECT: str(clip)},
        )


def _nothing(_stages: Stages, _clip: ClipId) -> list[str]:
    return []


def _rest(stages: Stages, clip: ClipId) -> list[str]:
    """From the video to the end of the chain, without what is done."""
    later = stages.in_demand(_OF_CLIPS[_OF_CLIPS.index(VIDEO) :], clip)
    return [name for name in later if not stages.status(name, clip, verify=False).done]


def _subjects(requests: list[dg.RunRequest]) -> set[str]:
    return {request.tags[_SUBJECT] for request in requests}
