"""Batches of objects and clips, each part one Dagster run.

Belongs here: which runs a request becomes. Does not: how stages work, what the terminal shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import dagster as dg

from hoi_platform.assets.stage import STAGES
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
from hoi_platform.services.interruption import check_stopped, stopped_by_signals

QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_NOT_RUN: Final = "not run: an earlier stage failed"


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

    @property
    def failed(self) -> bool:
        """Whether the stage was run and failed."""
        return self.error is not None and not self.error.startswith("not run")


class ChainRunner:
    """Runs assets of objects and clips; a failure stops its partition, an account's the batch.

    SIGINT and SIGTERM end a run with KeyboardInterrupt, also where Dagster calls it a failure.
    """

    def __init__(
        self, resource: PlatformResource, *, verbose: bool = False, **overrides: Any
    ) -> None:
        self.platform = resource.platform()
        self._instance = project_instance()
        fail_dead_runs(self._instance)
        ledger = LedgerResource(platform=resource)
        # On the command line interaction_video waits for its paid task.
        video = VideoResource(blender=BlenderResource(), ledger=ledger, wait=True)
        defs = build_defs(**{"platform": resource, "video": video, **overrides})
        self._run_config = {} if verbose else QUIET
        self._job = defs.resolve_implicit_global_asset_job_def()

    def run(
        self, object_id: ObjectId, seeds: Sequence[int], assets: Sequence[str]
    ) -> list[Outcome]:
        """Materialize ``assets`` of an object and of its clips."""
        return self.run_batch([(object_id, seeds)], assets)

    def run_batch(self, work: Work, assets: Sequence[str]) -> list[Outcome]:
        """Materialize ``assets`` of several objects and their clips, paid tasks side by side."""
        keys = self.platform.catalogue.register(object_id for object_id, _ in work)
        add_object_keys(self._instance, list(keys.values()))
        outcomes: list[Outcome] = []
        with stopped_by_signals():
            for part in run_order(work, assets, self.platform.clip, self._slots):
                outcomes += self._run_part(part, outcomes)
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
        run_id = str(uuid4())
        with beating(self._instance, run_id):
            result = self._job.execute_in_process(
                asset_selection=[dg.AssetKey(a) for a in assets],
                partition_key=key,
                instance=self._instance,
                run_config=self._run_config,
                raise_on_error=False,
                run_id=run_id,
            )
        check_stopped()
        return self._outcomes(result, before, subject)

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
        succeeded = _succeeded(result)
        rejected = video_rejection(self.platform.store, subject)  # a verdict, no error
        first, outcomes = errors.get(""), []
        for asset, old in before.items():
            record = self.platform.store.record(asset, subject)
            failure, first = errors.get(asset) or first, None
            error = failure.text.removeprefix(f"{subject}: ") if failure else None
            if error is None and asset not in succeeded and not rejected:
                error = _NOT_RUN
            made = error is None and _work_of(record) not in map(_work_of, old)
            stops = failure is not None and failure.stops_batch
            outcomes.append(Outcome(asset, subject, record, made, error, stops))
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
