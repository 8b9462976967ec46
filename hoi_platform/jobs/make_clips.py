"""The job ``make_clips``: the whole chain of chosen cells as one launch."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.execution.backfill import PartitionBackfill

from hoi_platform.assets.flow import chain_up_to
from hoi_platform.assets.spending.purchase_plan import CellsConfig
from hoi_platform.assets.stage import STAGES
from hoi_platform.core.cells import parse_seeds
from hoi_platform.core.clip import ClipId
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.partitions import CELLS, OBJECTS, add_object_keys, cell_key
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.chosen_cells import clips_of, objects_named
from hoi_platform.services.plans.pricing import price_of
from hoi_platform.services.platform import Platform
from hoi_platform.services.secrets import leaves_clean

INDEX: Final = "dataset_index"
_ID_LENGTH: Final = 8
"""Characters of a backfill's id; Dagster's own have as many."""


class ChainConfig(CellsConfig):
    """The cells, and how far their chain goes."""

    to: str = ""
    """The last stage, with everything that it is made from; empty: all stages."""


@dg.op
@leaves_clean
def launch_chain(
    context: dg.OpExecutionContext, config: ChainConfig, platform: PlatformResource
) -> None:
    """Launch a backfill over all stages of the chosen cells."""
    service = platform.platform()
    gen = service.settings(config.task).gen_2dhoi
    seeds = parse_seeds(config.seeds or f"1-{gen.rendering.num_rand_scenes}")
    clips = clips_of(service, objects_named(service, config.objects, config.task), seeds)
    if not clips:
        raise BadInputError(
            f"no object for the task {config.task!r} in the grid; add one with `hoi objects add`"
        )
    stages = chain_up_to(config.to)
    service.require_supported(config.task, stages)
    prices = price_of(service.stages(STAGES), clips)
    backfill = launch(context, service, clips, stages, {})
    context.add_output_metadata(
        {
            "backfill": backfill,
            "cells": len(clips),
            "stages": ", ".join(stages),
            "to be bought": f"{len(prices.cells)} videos for ${prices.videos_usd:.2f}",
        }
    )


def launch(
    context: dg.OpExecutionContext,
    platform: Platform,
    clips: Iterable[ClipId],
    stages: Sequence[str],
    tags: Mapping[str, str],
) -> str:
    """Request a backfill of ``stages`` of some clips and their objects, the index at the end.

    Returns its id. The daemon starts its runs in the order of the stages.
    """
    chosen = list(clips)
    keys = platform.catalogue.register({clip.object_id for clip in chosen})
    add_object_keys(context.instance, list(keys.values()))
    partitions = {
        "object": (OBJECTS, sorted(set(keys.values()))),
        "clip": (CELLS, [cell_key(keys[clip.object_id], clip.seed) for clip in chosen]),
    }
    by_asset = {}
    for name in platform.stages(STAGES).in_demand(stages, chosen[0]):
        definition, wanted = partitions[ARTIFACTS[name].scope]
        by_asset[dg.AssetKey(name)] = definition.empty_subset().with_partition_keys(wanted)
    judged = dg.AssetKey("filtered_hoi") in by_asset
    backfill = PartitionBackfill.from_asset_graph_subset(
        backfill_id=uuid4().hex[:_ID_LENGTH],
        backfill_timestamp=time.time(),
        tags=dict(tags),
        dynamic_partitions_store=context.instance,
        asset_graph_subset=AssetGraphSubset(
            partitions_subsets_by_asset_key=by_asset,
            non_partitioned_asset_keys={dg.AssetKey(INDEX)} if judged else set(),
        ),
        title=f"{len(chosen)} cells up to {stages[-1]}",
        description=None,
        run_config=None,
    )
    context.instance.add_backfill(backfill)
    return backfill.backfill_id


@dg.job
def make_clips() -> None:
    """Make chosen cells: mesh → video → clip → verdict, then the index."""
    launch_chain()
