"""Materializing a chain of assets in the project's Dagster instance from a script.

Belongs here: which runs a request becomes. Does not: how stages work, what the terminal shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.definitions import build_defs
from hoi_platform.instance import project_instance
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.video import VideoResource
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.clips import video_rejection

QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Outcome:
    """What became of one stage of one partition."""

    asset: str
    subject: ObjectId | ClipId | None
    record: ArtifactRecord | None
    made: bool
    error: str | None = None


class ChainRunner:
    """Runs assets of objects and clips, one Dagster run per partition; a failure stops only it."""

    def __init__(
        self, resource: PlatformResource, *, verbose: bool = False, **overrides: Any
    ) -> None:
        self.platform = resource.platform()
        self._instance = project_instance()
        ledger = LedgerResource(platform=resource)
        # On the command line interaction_video waits for its paid task.
        video = VideoResource(blender=BlenderResource(), ledger=ledger, wait=True)
        defs = build_defs(**{"platform": resource, "video": video, **overrides})
        self._run_config = {} if verbose else QUIET
        self._job = defs.resolve_implicit_global_asset_job_def()

    def run(
        self, object_id: ObjectId, seeds: Sequence[int], assets: Sequence[str]
    ) -> list[Outcome]:
        """Materialize ``assets`` of an object and of its clips, in flow order."""
        add_object_keys(self._instance, [object_id.key])
        of_object = [a for a, kind in ARTIFACTS.items() if a in assets and kind.scope == "object"]
        of_clip = [a for a, kind in ARTIFACTS.items() if a in assets and kind.scope == "clip"]
        outcomes = self._materialize(of_object, object_id.key, object_id)
        if any(o.error for o in outcomes):
            return outcomes
        for seed in seeds:
            clip = self.platform.clip(object_id, seed)
            outcomes += self._materialize(of_clip, cell_key(object_id.key, seed), clip)
        return outcomes

    def run_index(self) -> list[Outcome]:
        """Rebuild the dataset's index."""
        return self._materialize(["dataset_index"], None, None)

    def _materialize(
        self, assets: Sequence[str], key: str | None, subject: ObjectId | ClipId | None
    ) -> list[Outcome]:
        if not assets:
            return []
        before = {a: self.platform.store.record(a, subject) for a in assets}
        result = self._job.execute_in_process(
            asset_selection=[dg.AssetKey(a) for a in assets],
            partition_key=key,
            instance=self._instance,
            run_config=self._run_config,
            raise_on_error=False,
        )
        errors = _errors(result)
        rejected = video_rejection(self.platform.store, subject)  # a verdict, no error
        outcomes = []
        for asset in assets:
            record = self.platform.store.record(asset, subject)
            error = errors.get(asset)
            if error is None and asset not in _succeeded(result) and not rejected:
                error = "not run: an earlier stage failed"
            made = error is None and record != before[asset]
            outcomes.append(Outcome(asset, subject, record, made, error))
        return outcomes


def _succeeded(result: dg.ExecuteInProcessResult) -> set[str]:
    return {
        event.asset_key.to_user_string()
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }


def _errors(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    errors = {}
    for event in result.all_events:
        if event.is_step_failure and event.step_key:
            errors[event.step_key] = _cause(event.step_failure_data.error)
    return errors


def _cause(error: Any) -> str:
    """The innermost cause in one line: the message of the error that was raised on purpose."""
    while error is not None and error.cause is not None:
        error = error.cause
    return "unknown error" if error is None else f"{error.message.strip()}"
