"""Finished artifacts that Dagster's page does not show yet, and keys of earlier versions on it.

Belongs here: what ``hoi migrate`` changes in the Dagster instance. Does not: records, the ledger.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import dagster as dg

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.services.meshes.catalogue import Catalogue
from hoi_platform.services.migration.records import Done


@dataclass(frozen=True)
class PagePlan:
    """What changes on the page."""

    old_keys: dict[str, ObjectId]
    """Partitions of earlier versions, which are removed; their history stays."""
    unshown: tuple[Done, ...]
    """Done, and not materialized under the object's key of today."""

    @property
    def is_empty(self) -> bool:
        return not (self.old_keys or self.unshown)


def plan_page(instance: dg.DagsterInstance, catalogue: Catalogue, done: Iterable[Done]) -> PagePlan:
    """Nothing is changed, and no key is given."""
    entries, keys = catalogue.entries(), catalogue.known_keys()
    then = {_old_key(object_id): object_id for object_id in entries}
    known = instance.get_dynamic_partitions("objects")
    shown = cache(lambda asset: instance.get_materialized_partitions(dg.AssetKey(asset)))
    unshown = [
        (subject, record)
        for subject, record in done
        if _object(subject) in entries and _partition(subject, keys) not in shown(record.asset)
    ]
    return PagePlan({key: then[key] for key in known if key in then}, tuple(unshown))


def apply_page(instance: dg.DagsterInstance, catalogue: Catalogue, plan: PagePlan) -> None:
    """Register today's keys, report what is done under them; safe to be repeated."""
    wanted = {*plan.old_keys.values(), *(_object(subject) for subject, _ in plan.unshown)}
    keys = catalogue.register(wanted)
    add_object_keys(instance, list(keys.values()))
    for subject, record in plan.unshown:
        event = dg.AssetMaterialization(
            asset_key=record.asset,
            description="made by an earlier version, carried over by `hoi migrate`",
            metadata={"subject": str(subject), "made_at": record.created_at},
            partition=_partition(subject, keys),
            tags={"dagster/data_version": record.fingerprint[:32]},
        )
        instance.report_runless_asset_event(event)
    for key in plan.old_keys:
        instance.delete_dynamic_partition("objects", key)


def _object(subject: ObjectId | ClipId) -> ObjectId:
    return subject.object_id if isinstance(subject, ClipId) else subject


def _partition(subject: ObjectId | ClipId, keys: dict[ObjectId, str]) -> str | None:
    """The partition that a subject has today; None as long as its object has no key."""
    key = keys.get(_object(subject))
    if key is None or isinstance(subject, ObjectId):
        return key
    return cell_key(key, subject.seed)


def _old_key(object_id: ObjectId) -> str:
    """How versions without a list of keys derived them."""
    key = f"{object_id.dataset}--{object_id.category}--{object_id.task}"
    return key.lower().replace(".", "_")
