"""The two partition dimensions and the translation between their keys and our ids.

Belongs here: partition definitions and keys. Does not: anything that reads files.
"""

from typing import Final

import dagster as dg

from hoi_platform.core.clip import MAX_SEED, seed_key, seed_of_key

OBJECTS: Final = dg.DynamicPartitionsDefinition(name="objects")
SEEDS: Final = dg.StaticPartitionsDefinition([seed_key(i) for i in range(1, MAX_SEED + 1)])
CELLS: Final = dg.MultiPartitionsDefinition({"object": OBJECTS, "seed": SEEDS})


def cell_key(object_key: str, seed: int) -> dg.MultiPartitionKey:
    """The partition key of a clip."""
    return dg.MultiPartitionKey({"object": object_key, "seed": seed_key(seed)})


def split_key(key: str) -> tuple[str, int | None]:
    """``object`` or ``object|seed`` → the object's key and the seed, if there is one."""
    object_key, _, seed = key.partition("|")
    return object_key, seed_of_key(seed) if seed else None


def add_object_keys(instance: dg.DagsterInstance, keys: list[str]) -> None:
    """Make objects known to Dagster; keys that exist already are left as they are."""
    instance.add_dynamic_partitions("objects", keys)
