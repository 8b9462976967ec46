"""Definitions of the backfills of ``hoi bench platform``: the grid, and work that does nothing.

The run, its process, the queue and the databases are those of the platform; the asset is not.
"""

import dagster as dg

from hoi_platform.liveness.executor import beating_executor
from hoi_platform.partitions import CELLS


@dg.asset(partitions_def=CELLS)
def stub(context: dg.AssetExecutionContext) -> None:
    """Nothing but the orchestration of a cell."""
    context.log.info("cell %s", context.partition_key)


defs = dg.Definitions(assets=[stub], executor=beating_executor)
