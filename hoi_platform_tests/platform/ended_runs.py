"""Runs that ended as if the daemon had launched them, without executing anything."""

import sys
from collections.abc import Sequence
from functools import cache

import dagster as dg
from dagster._core.events import DagsterEventType, StepFailureData
from dagster._utils.error import serializable_error_info_from_exc_info

from hoi_platform.definitions import build_defs
from hoi_platform.partitions import add_object_keys

Tags = dict[str, str]


@cache
def _job(assets: tuple[str, ...]) -> dg.JobDefinition:
    job = build_defs().resolve_implicit_global_asset_job_def()
    return job.get_subset(asset_selection={dg.AssetKey(name) for name in assets})


class Runs:
    """Notes runs in an instance."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        add_object_keys(instance, ["cordless-drill"])

    def launched(self, key: str, assets: Sequence[str], tags: Tags | None = None) -> dg.DagsterRun:
        """A run that is at work."""
        return self.instance.create_run_for_job(
            _job(tuple(assets)),
            tags={"dagster/partition": key, **(tags or {})},
            status=dg.DagsterRunStatus.STARTED,
            asset_selection=frozenset(dg.AssetKey(name) for name in assets),
        )

    def killed(self, key: str, assets: Sequence[str], tags: Tags | None = None) -> dg.DagsterRun:
        """A run whose process died."""
        run = self.launched(key, assets, tags)
        self.instance.report_run_failed(run, "The run's process died: process 7 has ended")
        return run

    def failed(
        self, key: str, assets: Sequence[str], error: Exception, tags: Tags | None = None
    ) -> dg.DagsterRun:
        """A run whose first step failed."""
        run = self.launched(key, assets, tags)
        try:
            raise dg.Failure(str(error)) from error
        except dg.Failure:
            info = serializable_error_info_from_exc_info(sys.exc_info())
        failure = StepFailureData(error=info, user_failure_data=None)
        self._report(run, DagsterEventType.STEP_FAILURE, step=assets[0], data=failure)
        self.instance.report_run_failed(run, "Steps failed")
        return run

    def canceled(self, key: str, assets: Sequence[str]) -> dg.DagsterRun:
        """A run that a person canceled."""
        run = self.launched(key, assets)
        self.instance.report_run_canceled(run)
        return run

    def green(self, key: str, assets: Sequence[str], tags: Tags | None = None) -> dg.DagsterRun:
        """A run that ended well; it has materialized nothing."""
        run = self.launched(key, assets, tags)
        self._report(run, DagsterEventType.RUN_SUCCESS)
        return run

    def _report(
        self,
        run: dg.DagsterRun,
        kind: DagsterEventType,
        step: str | None = None,
        data: StepFailureData | None = None,
    ) -> None:
        event = dg.DagsterEvent(kind.value, run.job_name, step_key=step, event_specific_data=data)
        self.instance.report_dagster_event(event, run.run_id)
