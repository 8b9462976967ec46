"""The asset ``dataset_index``."""

import dagster as dg

from hoi_platform.assets.stage import flow_order, metadata_value
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.platform import Platform
from hoi_platform.services.secrets import leaves_clean


@dg.asset(
    deps=["filtered_hoi", "clip_accuracy", "visualization"],
    group_name="dataset",
    kinds={"parquet", "html"},
    code_version="1",
    required_resource_keys={"platform"},
)
@leaves_clean
def dataset_index(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The whole dataset: a manifest in Parquet, yield and failures, a gallery page."""
    from hoi_platform.services.index import write_index

    platform: Platform = context.resources.platform.platform()
    record: ArtifactRecord = write_index(platform, flow_order())
    metadata = {key: metadata_value(value) for key, value in record.facts.items()}
    for file in ARTIFACTS["dataset_index"].files:
        path = platform.store.path("dataset_index", file.key, None)
        metadata[f"file_{file.key}"] = dg.MetadataValue.path(str(path))
    return dg.MaterializeResult(
        metadata=metadata, data_version=dg.DataVersion(record.fingerprint[:32])
    )
