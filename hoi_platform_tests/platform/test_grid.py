"""The grid of objects and seeds in Dagster."""

import dagster as dg
from dagster._core.storage.partition_status_cache import AssetPartitionStatus

from hoi_platform.core.clip import MAX_SEED, seed_key
from hoi_platform.partitions import CELLS, OBJECTS, SEEDS, add_object_keys, cell_key

ASSET = dg.AssetKey("scene_render")
FORMER_SEEDS = dg.StaticPartitionsDefinition([seed_key(seed) for seed in range(1, 17)])


def test_seeds_are_one_to_128() -> None:
    """Variants that the configuration accepts would have no cell."""
    assert SEEDS.get_partition_keys() == [seed_key(seed) for seed in range(1, MAX_SEED + 1)]
    assert (MAX_SEED, seed_key(128)) == (128, "rand00128")


def test_cells_of_sixteen_seeds_are_shown_among_those_of_128() -> None:
    """The page would show the clips of earlier versions as never made."""
    former = dg.MultiPartitionsDefinition({"object": OBJECTS, "seed": FORMER_SEEDS})
    with dg.DagsterInstance.ephemeral() as instance:
        add_object_keys(instance, ["mug"])

        @dg.asset(key=ASSET, partitions_def=former)
        def scene_render() -> None: ...

        made = cell_key("mug", 16)
        assert dg.materialize([scene_render], partition_key=made, instance=instance).success
        cells = CELLS.get_partition_keys(dynamic_partitions_store=instance)
        status = instance.get_status_by_partition(ASSET, cells, CELLS)
        assert len(cells) == 128
        assert status == {
            cell: AssetPartitionStatus.MATERIALIZED if cell == made else None for cell in cells
        }
