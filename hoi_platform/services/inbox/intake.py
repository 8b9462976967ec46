"""An item of the inbox becomes an object of the catalogue, or gets a reason why not."""

from dataclasses import dataclass
from pathlib import Path

from hoi_platform.core.clip import FIRST_TASK, ObjectId
from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.errors import BadInputError, PermanentError
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.inbox.items import Item
from hoi_platform.services.meshes.importer import default_up
from hoi_platform.services.meshes.sources import checked_source
from hoi_platform.services.platform import Platform
from hoi_platform.services.yaml_files import read_mapping

_STAMP_LINE = "looked at: "


@dataclass(frozen=True)
class Taken:
    """What became of an item."""

    item: Item
    key: str | None
    """The object's partition key; None where it was rejected."""
    reason: str = ""


def is_answered(item: Item) -> bool:
    """Whether a receipt beside it is about what lies there now.

    What was rejected is looked at again with everything that arrives beside it, what was added only
    when its mesh is another one.
    """
    stamps = {"added": item.mesh_stamp(), "rejected": item.stamp()}
    return any(_says(item.receipt(kind), stamp) for kind, stamp in stamps.items())


def _says(receipt: Path, stamp: str) -> bool:
    return receipt.is_file() and f"{_STAMP_LINE}{stamp}" in receipt.read_text()


def take(platform: Platform, item: Item) -> Taken:
    """Check the item as ``hoi objects add`` does, add it, and write the receipt beside it.

    What is not the item's fault (a full disk, a broken configuration) is raised.
    """
    platform.settings(FIRST_TASK)  # a broken configuration is not the item's fault
    stamps = {"added": item.mesh_stamp(), "rejected": item.stamp()}
    try:
        object_id = _added(platform, item)
    except PermanentError as error:
        taken = Taken(item, None, str(error))
    else:
        taken = Taken(item, platform.catalogue.key(object_id))
    kind, other = ("added", "rejected") if taken.key else ("rejected", "added")
    text = f"object {taken.key}" if taken.key else taken.reason
    write_whole(item.receipt(kind), f"{text}\n{_STAMP_LINE}{stamps[kind]}\n")
    item.receipt(other).unlink(missing_ok=True)
    return taken


def _added(platform: Platform, item: Item) -> ObjectId:
    if len(item.meshes) != 1:
        names = ", ".join(file.name for file in item.meshes) or "none"
        raise BadInputError(f"{item.path}: a folder becomes one object; meshes found: {names}")
    mesh = checked_source(item.meshes[0], [item.folder])
    fields = read_mapping(item.entry_file) if item.entry_file.is_file() else {}
    entry = parse_config(ObjectEntry, {"up": default_up(mesh), **fields}, str(item.entry_file))
    if entry.source is not None:
        raise BadInputError(
            f"{item.entry_file}: source: remove the key: the mesh beside it is used"
        )
    task = entry.task or FIRST_TASK
    settings = platform.settings(task)
    object_id = platform.catalogue.named(item.dataset, item.category, task)
    known = entry.obj_scale is not None or entry.real_size_m is not None
    if settings.gen_2dhoi.skip_step2 and not known:
        _require_category_size(platform, item)
    platform.catalogue.add(object_id, entry, mesh, roots=[item.folder])
    return object_id


def _require_category_size(platform: Platform, item: Item) -> None:
    """Raises BadInputError where nobody says how large the object is: each clip would fail."""
    if platform.catalogue.category_size(item.category) is None:
        raise BadInputError(
            f"{item.path}: its size is not known: no word of {item.category!r} is in the table of "
            f"real-world sizes. Put real_size_m (longest side in meters) or obj_scale into "
            f"{item.entry_file.name} beside it, or name it by a category of the table"
        )
