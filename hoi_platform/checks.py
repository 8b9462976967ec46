"""Asset checks: what an artifact's own checks found, shown beside the asset with value and limit.

Belongs here: which stored checks become asset checks. Does not: computing them.
"""

import json
from typing import Any, Final

import dagster as dg

from hoi_platform.assets.stage import subject_of
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.metrics.targets import accuracy_checks
from hoi_platform.partitions import CELLS


def _outcome(checks: list[Check]) -> dg.AssetCheckResult:
    failed = [check.reason for check in checks if not check.passed]
    rows = [
        dg.TableRecord({key: str(value) for key, value in check.to_json().items()})
        for check in checks
    ]
    return dg.AssetCheckResult(
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(failed) or "all checks hold",
        metadata={"checks": dg.MetadataValue.table(rows)} if rows else {},
    )


def _stored(context: dg.AssetCheckExecutionContext, asset: str, key: str) -> Any:
    platform = context.resources.platform.platform()
    subject = subject_of(platform, context.partition_key)
    return json.loads(platform.store.require(asset, key, subject).read_text())


def _check(asset: str, name: str, description: str) -> Any:
    return dg.asset_check(
        asset=asset,
        name=name,
        description=description,
        partitions_def=CELLS,
        required_resource_keys={"platform"},
    )


@_check("scene_render", "render_sanity", "Person and object are visible, large enough, uncropped.")
def render_sanity(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    found = _stored(context, "scene_render", "checks")
    return _outcome([Check.from_json(item) for item in found])


@_check("interaction_video", "video_sanity", "First frame matches, camera static, whole.")
def video_sanity(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    found = _stored(context, "interaction_video", "checks")
    return _outcome([Check.from_json(item) for item in found])


@_check("filtered_hoi", "reconstruction_quality", "The clip passes every filter.")
def reconstruction_quality(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    verdict = _stored(context, "filtered_hoi", "verdict")
    return _outcome([Check.from_json(item) for item in verdict["checks"]])


@_check("clip_accuracy", "accuracy", "Errors against ground truth are within the targets.")
def accuracy(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    found = _stored(context, "clip_accuracy", "accuracy")
    return _outcome([] if found is None else accuracy_checks(found))


ALL: Final = [render_sanity, video_sanity, reconstruction_quality, accuracy]
