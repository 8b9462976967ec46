"""The tags of runs that say what was asked for and why: the page shows them, sensors read them."""

from collections.abc import Mapping
from typing import Final

from hoi_platform.services.plans.launch import LAUNCH_TAG, PLANNED_ONLY_TAG, Launch

WAITS: Final = "hoi/waits"
"""On a run that ended well without one of its assets: what that asset waits for."""
TRY: Final = "hoi/resume_try"
"""The number of the attempt to complete a cell, from 1."""
REASON: Final = "hoi/resume_reason"
"""Why the run before did not complete it."""
RESUMES: Final = "hoi/resumes"
"""The id of the run before."""
LEFT: Final = "hoi/resume_left"
"""How many stages the attempt has to make: fewer than at the last one are progress."""
WANTED: Final = "hoi/wanted"
"""On a run of the command line: all stages that its batch makes, of which the run may be a part."""
BATCH: Final = "hoi/batch"
"""On a run of the command line: the id of its batch, whose runs follow each other."""
RESULTS: Final = "hoi/results"
"""The results folder of a run of the command line."""
SETTINGS: Final = "hoi/settings"
"""Digest of the settings of a run of the command line, which flags may have changed."""
STOPPED: Final = "hoi/stopped"
"""On the last run of a batch that a person stopped by a signal: which one."""
PARTITION: Final = "dagster/partition"
"""Dagster's own: the key of a run's cell or object."""

_OF_ONE_RUN: Final = frozenset({WAITS, TRY, REASON, RESUMES, LEFT, BATCH, STOPPED})


def inherited(run_id: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that a run passes on to the one that completes its cell.

    It continues the launch that asked for the cell, with that launch's allowance to buy. What a
    sensor or a schedule started by itself is no launch of a person, and stays none.
    """
    kept = {k: v for k, v in tags.items() if k.startswith("hoi/") and k not in _OF_ONE_RUN}
    launch = Launch.of_run(run_id, {k: v for k, v in tags.items() if k != PLANNED_ONLY_TAG})
    return kept if launch.is_automatic else kept | {LAUNCH_TAG: launch.name}
