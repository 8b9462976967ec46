"""Objects as people name them: by key, by ``dataset/category``, by category."""

from collections.abc import Iterable

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.base import hint
from hoi_platform.core.errors import BadInputError
from hoi_platform.services.platform import Platform


def objects_named(platform: Platform, names: Iterable[str], task: str) -> list[ObjectId]:
    """The objects of a task, in the order of their names; all of the grid where none is given.

    Raises BadInputError for an unknown name and for one that several objects have.
    """
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not wanted:
        grid = platform.catalogue.keys()
        return sorted(known for known in grid if known.task == task)
    return [_named(platform, name, task) for name in wanted]


def clips_of(platform: Platform, objects: Iterable[ObjectId], seeds: Iterable[int]) -> list[ClipId]:
    """The cells of objects and seeds with today's characters and scenes."""
    chosen = list(seeds)
    return [platform.clip(object_id, seed) for object_id in objects for seed in chosen]


def _named(platform: Platform, name: str, task: str) -> ObjectId:
    keys = {key: known for known, key in platform.catalogue.known_keys().items()}
    entries = [known for known in platform.catalogue.entries() if known.task == task]
    if name in keys and keys[name] in entries:
        return keys[name]
    paths = [known for known in entries if f"{known.dataset}/{known.category}" == name]
    found = paths or [known for known in entries if _plain(known.category) == _plain(name)]
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(f"{known.dataset}/{known.category}" for known in found)
        raise BadInputError(f"object {name!r} is in several datasets; name one of {places}")
    known_names = [known.category for known in entries]
    raise BadInputError(
        f"no object {name!r} for the task {task!r}; {hint(name, known_names)}; see "
        "`hoi objects list`"
    )


def _plain(name: str) -> str:
    """Without what tells a key from a category: an object that has no key yet is found by it."""
    return name.lower().replace("-", "_")
