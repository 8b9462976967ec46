"""Batches of objects and clips, each part one Dagster run.

Belongs here: which runs a request becomes. Does not: how stages work, what the terminal shows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import dagster as dg

from hoi_platform.assets.stage import NEEDS_APPROVAL, STAGES, task_of
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.definitions import build_defs
from hoi_platform.instance import project_instance
from hoi_platform.liveness.beating import beating
from hoi_platform.liveness.dead_runs import fail_dead_runs
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.video import VideoResource
from hoi_platform.runner.failures import failures
from hoi_platform.runner.order import Part, Work, run_order
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.clips import video_rejection
from hoi_platform.services.interruption import check_stopped, received, stopped_by_signals
from hoi_platform.services.plans.launch import LAUNCH_TAG
from hoi_platform.unfinished.steps import settings_digest
from hoi_platform.unfinished.tags import BATCH, RESULTS, SETTINGS, STOPPED, WANTED

QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_NOT_RUN: Final = "not run: an earlier stage failed"
_NOT_APPROVED: Final = "not run: an earlier stage waits for approval"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one stage for one partition."""

    asset: str
    subject: ObjectId | ClipId | None
    record: ArtifactRecord | None
    made: bool
    error: str | None = None
    stops_batch: bool = False
    """Whether the clips that come next need not be tried, as with an empty account."""
    waits: bool = False
    """Whether it waits for an approved purchase plan, as ``error`` says; nothing failed."""

    @property
    def failed(self) -> bool:
        """Whether the stage was run and failed."""
        return self.error is not None and not self.waits and not self.error.startswith("not run")


AfterPart = Callable[[Sequence[Outcome], Sequence[Part]], None]


class ChainRunner:
    """Runs assets of objects and clips; a failure stops its partition, an account's the batch.

    SIGINT and SIGTERM end a run with KeyboardInterrupt, also where Dagster calls it a failure.
    """

    def __init__(
        self,
        resource: PlatformResource,
        *,
        verbose: bool = False,
        tags: Mapping[str, str] | None = None,
        **overrides: Any,
    ) -> None:
        self.platform = resource.platform()
        self._instance = project_instance()
        fail_dead_runs(self._instance)
        ledger = LedgerResource(platform=resource)
        # On the command line interaction_video waits for its paid task.
        video = VideoResource(blender=BlenderResource(), ledger=ledger, wait=True)
        defs = build_defs(**{"platform": resource, "video": video, **overrides})
        self._run_config = {} if verbose else QUIET
        self._batch: dict[str, str] = {}
        self._last_run = ""
        self._job = defs.resolve_implicit_global_asset_job_def()
        self._launch_tags = {LAUNCH_TAG: uuid4().hex, **(tags or {})}
        """All runs of a command are one launch."""

    def run(
        self, object_id: ObjectId, seeds: Sequence[int], assets: Sequence[str]
    ) -> list[Outcome]:
        """Materialize ``assets`` of an object and of its clips."""
        return self.run_batch([(object_id, seeds)], assets)

    def run_batch(
        self, work: Work, assets: Sequence[str], after: AfterPart = lambda _outcomes, _left: None
    ) -> list[Outcome]:
        """Materialize ``assets`` of several objects and their clips, paid tasks side by side.

        ``after`` is called with the outcomes of each part and with the parts that are left.
        """
        keys = self.platform.catalogue.register(object_id for object_id, _ in work)
        add_object_keys(self._instance, list(keys.values()))
        outcomes: list[Outcome] = []
        self._batch, self._last_run = {BATCH: str(uuid4()), WANTED: ",".join(assets)}, ""
        with stopped_by_signals(), self._stops_noted():
            parts = list(run_order(work, assets, self.platform.clip, self._slots))
            for number, part in enumerate(parts, start=1):
                found = self._run_part(part, outcomes)
                outcomes += found
                after(found, parts[number:])
        return outcomes

    def run_index(self) -> list[Outcome]:
        """Rebuild the dataset's index."""
        with stopped_by_signals():
            return self._materialize(["dataset_index"], None, None)

    def _slots(self, object_id: ObjectId) -> int:
        return self.platform.settings(object_id.task).gen_2dhoi.video.concurrency

    def _run_part(self, part: Part, before: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes of a part, which is not run after a failure that concerns it."""
        failed = [o for o in before if o.failed]
        assets = self._in_demand(part)
        clip = part.subject if isinstance(part.subject, ClipId) else None
        if clip and any(o.subject == clip.object_id for o in failed):
            return []
        reason = _NOT_RUN if any(o.subject == part.subject for o in failed) else None
        if any(o.waits and o.subject == part.subject for o in before):
            reason = _NOT_APPROVED
        for outcome in failed:
            if outcome.stops_batch:
                reason = f"not run: the batch stopped at {outcome.asset} of {outcome.subject}"
        if reason:
            record = self.platform.store.record
            return [
                Outcome(asset, part.subject, record(asset, part.subject), False, reason)
                for asset in assets
            ]
        object_key = self.platform.catalogue.key(clip.object_id if clip else part.subject)
        key = cell_key(object_key, clip.seed) if clip else object_key
        return self._materialize(assets, key, part.subject)

    def _in_demand(self, part: Part) -> Sequence[str]:
        """What a part asks for, without stages that are made on demand and that nothing needs.

        One that is requested by itself is made.
        """
        needed = self.platform.stages(STAGES).in_demand(part.assets, part.subject)
        return needed or part.assets

    def _materialize(
        self, assets: Sequence[str], key: str | None, subject: ObjectId | ClipId | None
    ) -> list[Outcome]:
        if not assets:
            return []
        check_stopped()
        before = {asset: self._records(asset, subject) for asset in assets}
        self._last_run = run_id = str(uuid4())
        with beating(self._instance, run_id):
            result = self._job.execute_in_process(
                asset_selection=[dg.AssetKey(a) for a in assets],
                partition_key=key,
                instance=self._instance,
                run_config=self._run_config,
                raise_on_error=False,
                run_id=run_id,
                tags=self._launch_tags | self._tags(subject),
            )
        check_stopped()
        return self._outcomes(result, before, subject)

    def _tags(self, subject: ObjectId | ClipId | None) -> dict[str, str]:
        """By which the daemon knows what is left of the batch if this process dies."""
        tags = {RESULTS: str(self.platform.results_dir)}
        if subject is None:
            return tags
        return tags | self._batch | {SETTINGS: settings_digest(self.platform, task_of(subject))}

    @contextmanager
    def _stops_noted(self) -> Iterator[None]:
        """The last run of a batch that a signal stops is tagged: a person wants no more of it."""
        try:
            yield
        except KeyboardInterrupt:
            stop = received()
            if self._last_run:
                tags = {STOPPED: stop.name if stop else "a person"}
                self._instance.add_run_tags(self._last_run, tags)
            raise

    def _records(
        self, asset: str, subject: ObjectId | ClipId | None
    ) -> list[ArtifactRecord | None]:
        """What stands for an asset, and its variants, any of which may be put in its place."""
        store = self.platform.store
        return [store.record(asset, subject), *store.variants(asset, subject).values()]

    def _outcomes(
        self,
        result: dg.ExecuteInProcessResult,
        before: dict[str, list[ArtifactRecord | None]],
        subject: ObjectId | ClipId | None,
    ) -> list[Outcome]:
        errors = failures(result)
        if any(failure.interrupted for failure in errors.values()):
            raise KeyboardInterrupt
        succeeded, held = _succeeded(result), _held(result)
        rejected = video_rejection(self.platform.store, subject)  # a verdict, no error
        first, outcomes = errors.get(""), []
        for asset, old in before.items():
            record = self.platform.store.record(asset, subject)
            failure, first = errors.get(asset) or first, None
            error = failure.text.removeprefix(f"{subject}: ") if failure else None
            if error is None and asset not in succeeded and not rejected:
                error = held.get(asset) or (_NOT_APPROVED if held else _NOT_RUN)
            made = error is None and _work_of(record) not in map(_work_of, old)
            stops = failure is not None and failure.stops_batch
            outcomes.append(
                Outcome(asset, subject, record, made, error, stops, waits=asset in held)
            )
        return outcomes


def _work_of(record: ArtifactRecord | None) -> ArtifactRecord | None:
    """A record without the statements that may change while the result stays."""
    return record and record.model_copy(update={"licenses": None})


def _succeeded(result: dg.ExecuteInProcessResult) -> set[str]:
    return {
        event.asset_key.to_user_string()
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }


def _held(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Assets that wait for an approved plan, and what they say about it."""
    observed = (e.asset_observation_data for e in result.all_events if e.is_asset_observation)
    found = (data.asset_observation for data in observed)
    return {
        observation.asset_key.to_user_string(): observation.description or ""
        for observation in found
        if NEEDS_APPROVAL in observation.metadata
    }
