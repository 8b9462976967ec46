"""The jobs whose runs the sensors request: Dagster wants one for each kind of partition."""

from typing import Final

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from hoi_platform.assets.stage import flow_order
from hoi_platform.core.formats.artifacts import ARTIFACTS, Scope

_FLOW: Final = {
    scope: [name for name in flow_order() if ARTIFACTS[name].scope == scope]
    for scope in ("object", "clip")
}


def _job(name: str, scope: Scope, description: str) -> UnresolvedAssetJobDefinition:
    assets = dg.AssetSelection.assets(*_FLOW[scope])
    return dg.define_asset_job(name, assets, description=description)


OBJECT_CHAIN: Final = _job("object_chain", "object", "Everything that is made once per object.")
CLIP_CHAIN: Final = _job("clip_chain", "clip", "A clip from its scene to its pages.")
