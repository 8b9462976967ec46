"""The sensor ``resume_partial_batches``: completes what stopped half-way."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.partitions import split_key
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.sensors.jobs import CLIP_CHAIN, OBJECT_CHAIN
from hoi_platform.services.secrets import leaves_clean
from hoi_platform.unfinished.asked import Asked, Evidence, Survey
from hoi_platform.unfinished.purchases import known_purchases
from hoi_platform.unfinished.retries import next_try
from hoi_platform.unfinished.steps import Next, Step, Steps, summary
from hoi_platform.unfinished.tags import LEFT, REASON, RESUMES, TRY, inherited

MOST_REQUESTS: Final = 20
"""Number of runs of this sensor that are queued or at work at most; the next tick goes on. Chosen:
a person's own runs do not wait behind hundreds of them."""
MOST_LOOKS: Final = 200
"""Number of cells whose records one tick reads at most; chosen: it takes seconds."""
MOST_ENDS: Final = 500
"""Number of ended runs of which one tick finds out why; chosen: it takes seconds, because SQLite
keeps the events of each run in a file of its own."""
_LOOK_AGAIN: Final = timedelta(minutes=10)
"""Time (min) until the records of a cell without a next run are read again; chosen."""


@dataclass
class Memory:
    """What a process need not find out at every tick; nothing is lost with it."""

    evidence: Evidence = field(default_factory=lambda: Evidence(MOST_ENDS))
    _kept: dict[tuple[str, str], tuple[Step, datetime]] = field(default_factory=dict)

    def step(self, asked: Asked, now: datetime) -> Step | None:
        """What was found for a cell at the last look; None where it is time for another one."""
        kept = self._kept.get((asked.key, asked.end.run_id))
        return kept[0] if kept and now < kept[1] else None

    def keep(self, step: Step, now: datetime) -> None:
        """Until its time comes; for ever where all is there, since only a new run asks for more."""
        again = now + _LOOK_AGAIN
        until = again if step.due is None else min(step.due, again)
        if step.next is Next.NOTHING:
            until = datetime.max.replace(tzinfo=UTC)
        self._kept[step.asked.key, step.asked.end.run_id] = step, until


_MEMORY: Final = Memory()


@dg.sensor(
    jobs=[OBJECT_CHAIN, CLIP_CHAIN],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
@leaves_clean
def resume_partial_batches(
    context: dg.SensorEvaluationContext, platform: PlatformResource, ledger: LedgerResource
) -> dg.SensorResult | dg.SkipReason:
    """Request what is missing of cells that were asked for and stopped half-way.

    A run that was killed or lost, a failure that may pass, a video that arrived meanwhile: tried
    again a bounded number of times, after growing waits, one run per cell at a time. What failed
    for good, or was canceled by a person, is named and left alone. No video is ordered that no
    person asked for.
    """
    service, now = platform.platform(), datetime.now(UTC)
    steps = Steps(service, service.stages(STAGES), known_purchases(service, ledger), now)
    requests, words = resumed(context.instance, steps, _MEMORY)
    if not requests:
        return dg.SkipReason(words)
    context.log.info("%s", words)
    return dg.SensorResult(run_requests=requests)


def resumed(
    instance: dg.DagsterInstance, steps: Steps, memory: Memory
) -> tuple[list[dg.RunRequest], str]:
    """The runs of one tick, and what is said of all cells that are not complete."""
    survey = memory.evidence.survey(instance, steps.platform, flow_order(), steps.now)
    found = list(_steps(survey, steps, memory))
    free = max(0, MOST_REQUESTS - survey.attempts)
    requests = list(_requests(found, survey.in_work))[:free]
    counts = Counter(step.next for step in found)
    words = f"{len(requests)} runs requested; {counts[Next.WAIT]} cells wait"
    return requests, "; ".join(filter(None, [words, summary(found)]))


def _steps(survey: Survey, steps: Steps, memory: Memory) -> Iterator[Step]:
    looks = 0
    for asked in survey.asked:
        step = memory.step(asked, steps.now)
        if step is None and looks < MOST_LOOKS:
            looks += 1
            step = steps.of(asked)
            if step.next is not Next.RUN:
                memory.keep(step, steps.now)
        if step is not None:
            yield step


def _requests(found: list[Step], in_work: frozenset[str]) -> Iterator[dg.RunRequest]:
    """One run for each cell; where its object lacks something, one for the object comes first.

    An object that was asked for itself, and failed, has attempts of its own.
    """
    objects = {s.asked.key for s in found if _is_object(s) and s.next is not Next.NOTHING}
    handled = objects | in_work
    for step in found:
        object_key, _ = split_key(step.asked.key)
        if step.next is not Next.RUN:
            continue
        if _is_object(step):
            yield _request(step, step.asked.key, step.missing.of_object)
        elif not step.missing.of_object:
            yield _request(step, step.asked.key, step.missing.of_clip)
        elif object_key not in handled:
            handled |= {object_key}
            yield _request(step, object_key, step.missing.of_object)


def _is_object(step: Step) -> bool:
    return split_key(step.asked.key)[1] is None


def _request(step: Step, key: str, assets: tuple[str, ...]) -> dg.RunRequest:
    end, left = step.asked.end, len(step.missing.names)
    attempt = next_try(end, left)
    job = CLIP_CHAIN if split_key(key)[1] else OBJECT_CHAIN
    return dg.RunRequest(
        job_name=job.name,
        run_key=f"resume:{key}:{end.run_id}:{attempt}",
        partition_key=key,
        asset_selection=[dg.AssetKey(name) for name in assets],
        tags=inherited(end.run_id, end.tags)
        | {
            TRY: str(attempt),
            LEFT: str(left),
            REASON: f"{end.kind}: {end.reason}",
            RESUMES: end.run_id,
        },
    )
