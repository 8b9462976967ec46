"""The failed steps of a run of the command line."""

import dagster as dg

from hoi_platform.unfinished.failures import Failure, failure_of


def failures(result: dg.ExecuteInProcessResult) -> dict[str, Failure]:
    """Failed steps and why; a run that failed before its first step is listed under an empty
    name."""
    found = {}
    for event in result.all_events:
        if event.is_step_failure and event.step_key:
            data = event.step_failure_data
            described = data.user_failure_data.description if data.user_failure_data else None
            found[event.step_key] = failure_of(data.error, described)
    if not result.success and not found:
        causes = [e.job_failure_data.error for e in result.all_events if e.is_job_failure]
        found[""] = failure_of(causes[0] if causes else None, None)
    return found
