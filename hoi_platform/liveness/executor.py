"""Dagster's in-process executor with a heartbeat: each run of the page is executed by it."""

from typing import Any

import dagster as dg
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.base import Executor

from hoi_platform.liveness.beating import beating


class _BeatingExecutor(Executor):
    """Another executor, whose process beats while it works."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    @property
    def retries(self) -> RetryMode:
        return self._inner.retries

    def execute(self, plan_context: Any, execution_plan: Any) -> Any:
        with beating(plan_context.instance, plan_context.run_id):
            yield from self._inner.execute(plan_context, execution_plan)


@dg.executor(
    name="in_process",
    config_schema=dg.in_process_executor.config_schema.config_type,
    requirements=dg.in_process_executor.get_requirements,
)
def beating_executor(init_context: dg.InitExecutorContext) -> Executor:
    """Run all steps in the run's process, which shows that it is alive."""
    create = dg.in_process_executor.executor_creation_fn
    assert create is not None
    return _BeatingExecutor(create(init_context))
