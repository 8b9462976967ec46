"""Which objects there are: entries of shipped files, of named files and the user's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from hoi_platform.core.clip import FIRST_TASK, FirstTask, ObjectId, parse_object_path
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.errors import BadInputError, ConfigError
from hoi_platform.services.artifacts.file_state import once
from hoi_platform.services.meshes.entries import BadEntry, Located, ObjectsRead, read_objects
from hoi_platform.services.meshes.keys import KeyRegistry, registration_order

SIZES_FILE: Final = "real_world_sizes.yaml"


class Listing:
    """Entries from ``<config_dir>/*.yaml``, ``more`` files and ``<user_dir>/<key>/entry.yaml``.

    Their partition keys are in ``<user_dir>/keys.json``. A user's entry is beside a copy of its
    mesh with everything that it refers to. It replaces an entry of the same id in one of ``more``,
    which in turn replaces a shipped one.
    """

    def __init__(self, config_dir: Path, user_dir: Path, more: Sequence[Path] = ()) -> None:
        self._config_dir = config_dir
        self._user_dir = user_dir
        self._more = more
        self._registry = KeyRegistry(user_dir)

    def entries(self) -> dict[ObjectId, ObjectEntry]:
        """All usable entries by id, sorted; ``bad_entries`` has the others.

        Raises ConfigError for a shipped file that is not a catalogue, and for an ambiguous one.
        """
        return {object_id: located.entry for object_id, located in self._located().items()}

    def bad_entries(self) -> list[str]:
        """One line per unusable entry: its file, its name and the reason."""
        misplaced = [
            f"{located.file}: objects.{object_id.category}: another file holds it, and its folder "
            "is that of another object; edit that file, or add it with `hoi objects add`"
            for object_id, located in self._own_entries()
            if self._is_misplaced(object_id, located) and located not in self._located().values()
        ]
        return [str(bad) for bad in self._bad()] + misplaced + list(self._own()[1])

    def get(self, object_id: ObjectId) -> ObjectEntry:
        """Raises BadInputError, which names the nearest id, for one that is not there."""
        return self._find(object_id).entry

    def at_path(self, path: str) -> ObjectId | None:
        """The object whose folders have this path (``ObjectId.path``); None where there is none."""
        try:
            object_id = parse_object_path(path, first_task_of(self._registry.first_tasks()))
        except BadInputError:
            return None
        if self._direct(object_id) is not None:
            return object_id
        return next((known for known in self._located() if known.path == path), None)

    def named(self, dataset: str, category: str, task: str) -> ObjectId:
        """The id of an object that need not be there yet."""
        first = self._first_tasks().get(f"{dataset}/{category}".lower(), task)
        return ObjectId(dataset, category, task, is_first=task == first)

    def first_tasks(self) -> FirstTask:
        """The task that the folders of an object do not name."""
        return first_task_of(self._first_tasks())

    def known_keys(self) -> Mapping[ObjectId, str]:
        """The keys that have been assigned; nothing is registered."""
        return self._registry.keys()

    def _located(self) -> dict[ObjectId, Located]:
        return self._all()[0]

    def _first_tasks(self) -> dict[str, str]:
        return self._all()[1]

    def _all(self) -> tuple[dict[ObjectId, Located], dict[str, str]]:
        """Every usable entry by id, sorted, and the first task of every object."""
        files = [*self._shipped(), *self._more, *self._own_files(), self._registry.file]
        return once(("all", self._config_dir, self._user_dir, *self._more), files, self._read)

    def _read(self) -> tuple[dict[ObjectId, Located], dict[str, str]]:
        found = dict(self._shared())
        for object_id, located in self._own_entries():
            if entry_name(object_id) not in found or not self._is_misplaced(object_id, located):
                found[entry_name(object_id)] = object_id, located
        first = self._first_of(object_id for object_id, _ in found.values())
        known = [
            (replace(object_id, is_first=first[_slot(object_id)] == object_id.task), located)
            for object_id, located in found.values()
        ]
        return dict(sorted(known, key=lambda pair: pair[0])), first

    def _shared(self) -> dict[str, tuple[ObjectId, Located]]:
        """The entries of files that hold many objects."""
        files = [*self._shipped(), *self._more]
        return once(("shared", self._config_dir, *files), files, self._read_shared)

    def _read_shared(self) -> dict[str, tuple[ObjectId, Located]]:
        found: dict[str, tuple[ObjectId, Located]] = {}
        for file in self._shipped():
            for object_id, located in read_objects(file).entries.items():
                if (name := entry_name(object_id)) in found:
                    other = found[name][1].file
                    raise ConfigError(f"{object_id.path} is in both {other} and {file}")
                found[name] = object_id, located
        for read in map(read_objects, self._more):
            found |= {entry_name(k): (k, located) for k, located in read.entries.items()}
        return found

    def _direct(self, object_id: ObjectId) -> Located | None:
        """The entry of a registered object, found without a look at those of other objects.

        None where that is not possible: ``_located`` knows more.
        """
        key = self._registry.keys().get(object_id)
        if key is None:
            return None
        own = self._user_dir / key / "entry.yaml"
        if own.is_file():
            try:
                entries = read_objects(own).entries.items()
            except ConfigError:
                return None
        elif self._strangers():
            return None
        else:
            entries = dict(filter(None, [self._shared().get(entry_name(object_id))])).items()
        return next((located for known, located in entries if _same(known, object_id)), None)

    def _strangers(self) -> bool:
        """Whether a folder of the user's is not named by a key, as those of earlier versions."""
        files = [self._user_dir, self._registry.file]
        return once(("strangers", self._user_dir), files, self._has_strangers)

    def _has_strangers(self) -> bool:
        folders = {path.name for path in self._user_dir.glob("[!.]*") if path.is_dir()}
        return not folders <= self._registry.objects().keys()

    def _own_entries(self) -> list[tuple[ObjectId, Located]]:
        """The user's; those in the folder of a key come last, and win."""
        entries = [pair for read in self._own()[0] for pair in read.entries.items()]
        keys = self._registry.objects()
        return sorted(entries, key=lambda pair: pair[1].file.parent.name in keys)

    def _is_misplaced(self, object_id: ObjectId, located: Located) -> bool:
        """Whether an entry is in the folder of another object's key."""
        owner = self._registry.objects().get(located.file.parent.name)
        return owner is not None and not _same(owner, object_id)

    def _first_of(self, ids: Iterable[ObjectId]) -> dict[str, str]:
        """Object → first task: as registered, else the one that will be registered first."""
        first: dict[str, str] = {}
        for object_id in sorted(ids, key=registration_order):
            first.setdefault(_slot(object_id), object_id.task)
        return first | self._registry.first_tasks()

    def _shipped(self) -> list[Path]:
        return [f for f in sorted(self._config_dir.glob("*.yaml")) if f.name != SIZES_FILE]

    def _own_files(self) -> list[Path]:
        """The user's catalogue files."""
        return sorted(self._user_dir.glob("[!.]*/entry.yaml"))

    def _own(self) -> tuple[list[ObjectsRead], list[str]]:
        """The user's entries, and what is wrong with those whose file cannot be read."""
        read, unreadable = [], []
        for file in self._own_files():
            try:
                read.append(read_objects(file))
            except ConfigError as error:
                unreadable.append(str(error))
        return read, unreadable

    def _bad(self) -> list[BadEntry]:
        read = [*map(read_objects, [*self._shipped(), *self._more]), *self._own()[0]]
        return [bad for objects in read for bad in objects.bad]

    def _find(self, object_id: ObjectId) -> Located:
        if (direct := self._direct(object_id)) is not None:
            return direct
        located = self._located()
        if object_id in located:
            return located[object_id]
        wanted = (object_id.dataset, object_id.category)
        for bad in self._bad():
            if (bad.dataset, bad.category) == wanted:
                raise BadInputError(f"{object_id.path} cannot be used: {bad}")
        paths = [known.path for known in located if known.task == object_id.task]
        raise BadInputError(
            f"no object {object_id.path} for the task {object_id.task!r}; "
            f"{nearest(object_id.path, paths)}; {add_hint(object_id)}"
        )


def first_task_of(first: Mapping[str, str]) -> FirstTask:
    """From ``<dataset>/<category>``, in lower case → its first task."""
    return lambda dataset, category: first.get(f"{dataset}/{category}".lower(), FIRST_TASK)


def _same(one: ObjectId, other: ObjectId) -> bool:
    """Whatever is known of the object's first task."""
    return (one.dataset, one.category, one.task) == (other.dataset, other.category, other.task)


def _slot(object_id: ObjectId) -> str:
    """An object regardless of its tasks; folders of some systems ignore case."""
    return f"{object_id.dataset}/{object_id.category}".lower()


def entry_name(object_id: ObjectId) -> str:
    """What two entries of different ids must not share."""
    return f"{_slot(object_id)}/{object_id.task}".lower()


def nearest(name: str, known: list[str]) -> str:
    """What an error says of a name that is not among those known."""
    if close := get_close_matches(name, known, n=1):
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(known[:20]) or 'none'}{' …' if len(known) > 20 else ''}"


def add_hint(object_id: ObjectId) -> str:
    """The cure for an object that is not there."""
    return (
        f"add a mesh with `hoi objects add FILE --dataset {object_id.dataset} "
        f"--category {object_id.category} --task {object_id.task}`"
    )
