"""Which launch a run belongs to: one command, one backfill, one click on the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LAUNCH_TAG: Final = "hoi/launch"
"""On a run: the launch that it is part of, where Dagster does not know it."""
PLANNED_ONLY_TAG: Final = "hoi/planned_only"
"""On a run: it buys what an approved plan releases, and nothing else."""
_BACKFILL_TAG: Final = "dagster/backfill"
_ROOT_RUN_TAG: Final = "dagster/root_run_id"
_AUTOMATIC_TAGS: Final = (
    "dagster/sensor_name",
    "dagster/schedule_name",
    "dagster/from_automation_condition",
)


@dataclass(frozen=True)
class Launch:
    """What was started together, by whom."""

    name: str
    is_automatic: bool = False
    """Started by a sensor or a schedule: nobody has seen it, so it buys by a plan alone."""

    @staticmethod
    def of_run(run_id: str, tags: Mapping[str, str]) -> "Launch":
        """The launch of a Dagster run.

        A run that continues somebody's launch carries that launch's tag, and shares its allowance.
        """
        known = (LAUNCH_TAG, _BACKFILL_TAG, _ROOT_RUN_TAG)
        name = next((tags[tag] for tag in known if tag in tags), run_id)
        automatic = any(tag in tags for tag in _AUTOMATIC_TAGS) and LAUNCH_TAG not in tags
        return Launch(name, automatic or PLANNED_ONLY_TAG in tags)


UNKNOWN: Final = Launch("unknown", is_automatic=True)
"""Outside of any run."""
