"""From a clip's path in the ledger back to its partition."""

from hoi_platform.core.clip import ClipId
from hoi_platform.services.platform import Platform


def clips_named(platform: Platform, path: str) -> list[ClipId]:
    """Today's clips with this path: none when it was removed, several when tasks share it."""
    folder, _, seed = path.rpartition("_rand")
    dataset_category = "/".join(folder.split("/")[:2])
    if not seed.isdigit():
        return []
    objects = [i for i in platform.catalogue.entries() if i.path == dataset_category]
    clips = [platform.clip(object_id, int(seed)) for object_id in objects]
    return [clip for clip in clips if clip.path == path]
