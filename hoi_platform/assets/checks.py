"""Asset checks: what an artifact's own checks found, shown beside the asset with value and limit.

They are evaluated with each materialization, of an artifact that was done already too.
Belongs here: which stored checks become asset checks. Does not: computing them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dagster as dg

from hoi_platform.core.filtering.check import Check
from hoi_platform.core.formats.artifacts import Subject
from hoi_platform.core.metrics.gate import accuracy_checks
from hoi_platform.services.artifacts.store import ArtifactStore


@dataclass(frozen=True)
class StoredCheck:
    """A group of checks in one of an artifact's files."""

    asset: str
    key: str
    name: str
    description: str
    read: Callable[[Any], list[Check]]
    """From the file's JSON to the checks."""

    @property
    def spec(self) -> dg.AssetCheckSpec:
        return dg.AssetCheckSpec(self.name, asset=self.asset, description=self.description)

    def evaluate(self, store: ArtifactStore, subject: Subject) -> dg.AssetCheckResult:
        """A warning, never a failure: a rejected clip is a verdict, not an error."""
        data = json.loads(store.path(self.asset, self.key, subject).read_text())
        checks = self.read(data)
        failed = [check.reason for check in checks if not check.passed]
        rows = [
            dg.TableRecord({name: str(value) for name, value in check.to_json().items()})
            for check in checks
        ]
        return dg.AssetCheckResult(
            check_name=self.name,
            passed=not failed,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(failed) or f"{len(checks)} checks hold",
            metadata={"checks": dg.MetadataValue.table(rows)} if rows else {},
        )

    def not_passed(self, reason: str) -> dg.AssetCheckResult:
        """For an artifact that is not made, which is a verdict too."""
        return dg.AssetCheckResult(
            check_name=self.name,
            asset_key=self.asset,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=reason,
        )


def _checks(data: list[dict[str, Any]]) -> list[Check]:
    return [Check.from_json(item) for item in data]


RENDER_SANITY = StoredCheck(
    "scene_render",
    "checks",
    "render_sanity",
    "Person and object are visible, large enough and uncropped.",
    _checks,
)
VIDEO_SANITY = StoredCheck(
    "interaction_video",
    "checks",
    "video_sanity",
    "The first frame matches the conditioning frame, the camera does not move.",
    _checks,
)
RECONSTRUCTION_QUALITY = StoredCheck(
    "filtered_hoi",
    "verdict",
    "reconstruction_quality",
    "The clip passes every filter.",
    lambda verdict: _checks(verdict["checks"]),
)
ACCURACY = StoredCheck(
    "clip_accuracy",
    "accuracy",
    "accuracy",
    "Errors against ground truth, where there is one, are within the targets.",
    lambda accuracy: [] if accuracy is None else accuracy_checks(accuracy),
)
