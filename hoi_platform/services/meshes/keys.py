"""The keys of a results folder's objects: ``catalogue/keys.json``.

A key is assigned when an object is registered, and stays in the file from then on. Dagster keeps
the history of a key whose partition is deleted: that of a removed object is never assigned again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from hoi_platform.core.clip import FIRST_TASK, MAX_SEED, ObjectId
from hoi_platform.core.errors import BadInputError, ConfigError
from hoi_platform.core.keys import new_key
from hoi_platform.services.artifacts.file_state import once
from hoi_platform.services.artifacts.files import exclusive, write_whole

MOST_CELLS: Final = 100_000
"""Registered cells of a dataset (objects × seeds) that Dagster's page can still show; measured."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeyEntry(_Strict):
    """One registered object."""

    dataset: str
    category: str
    task: str
    key: str


class KeysFile(_Strict):
    """What the file holds."""

    schema_version: Literal[1] = 1
    objects: tuple[KeyEntry, ...] = ()
    """In the order of their registration."""
    first_tasks: dict[str, str] = {}
    """``<dataset>/<category>``, in lower case → its first task, also of removed objects."""
    retired: tuple[str, ...] = ()
    """Keys of removed objects."""


class _Known(NamedTuple):
    """The file's content, ready to be looked up."""

    keys: dict[ObjectId, str]
    objects: dict[str, ObjectId]
    first_tasks: dict[str, str]

    @classmethod
    def of(cls, held: KeysFile) -> "_Known":
        keys = {_id(held, entry): entry.key for entry in held.objects}
        return cls(keys, {key: known for known, key in keys.items()}, held.first_tasks)


class KeyRegistry:
    """Assigns keys and remembers them; several processes may use one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "keys.json"

    @property
    def file(self) -> Path:
        """Where the keys are kept."""
        return self._file

    def keys(self) -> Mapping[ObjectId, str]:
        """Every registered object and its key."""
        return self._known().keys

    def objects(self) -> Mapping[str, ObjectId]:
        """Every registered key and its object."""
        return self._known().objects

    def first_tasks(self) -> dict[str, str]:
        """``<dataset>/<category>``, in lower case → the first task that was ever registered."""
        return self._known().first_tasks

    def _known(self) -> "_Known":
        return once(("keys", self._file), [self._file], lambda: _Known.of(self._read()))

    def register(self, wanted: Iterable[ObjectId]) -> dict[ObjectId, str]:
        """The keys of objects; those that have none get one, in the order of their ids.

        Raises BadInputError for a dataset with more cells than Dagster can show.
        """
        ids = sorted(set(wanted), key=registration_order)
        known = self.keys()
        if any(object_id not in known for object_id in ids):
            with self._locked():
                held = self._read()
                held = _with_keys(held, ids)
                self._write(held)
            known = self.keys()
        return {object_id: known[object_id] for object_id in ids}

    def retire(self, object_id: ObjectId) -> str | None:
        """Forget an object and remember its key; None for one that was never registered."""
        with self._locked():
            held = self._read()
            gone = [entry for entry in held.objects if _id(held, entry) == object_id]
            if not gone:
                return None
            left = tuple(entry for entry in held.objects if entry not in gone)
            retired = (*held.retired, gone[0].key)
            self._write(held.model_copy(update={"objects": left, "retired": retired}))
            return gone[0].key

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with exclusive(self._folder / ".keys.lock"):
            yield

    def _read(self) -> KeysFile:
        try:
            return KeysFile.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return KeysFile()
        except ValidationError as error:
            raise ConfigError(
                f"{self._file} is not a list of keys ({error.error_count()} errors, the first: "
                f"{error.errors()[0]['msg']}); restore it from a backup: it holds the keys of "
                "finished clips"
            ) from error

    def _write(self, held: KeysFile) -> None:
        write_whole(self._file, held.model_dump_json(indent=1) + "\n")


def registration_order(object_id: ObjectId) -> tuple[str, str, bool, str]:
    """By id, the usual task first: two folders with the same catalogue give the same keys."""
    task = object_id.task
    return object_id.dataset, object_id.category, task != FIRST_TASK, task


def _with_keys(held: KeysFile, wanted: Iterable[ObjectId]) -> KeysFile:
    """``held`` with a key for each of ``wanted``."""
    known = {_id(held, entry) for entry in held.objects}
    used = {entry.key for entry in held.objects} | set(held.retired)
    new: list[KeyEntry] = []
    first_tasks = dict(held.first_tasks)
    for object_id in wanted:
        if object_id in known:
            continue
        slot = _slot(object_id.dataset, object_id.category)
        if object_id.is_first != (first_tasks.setdefault(slot, object_id.task) == object_id.task):
            raise BadInputError(
                f"{object_id.path} cannot be registered for the task {object_id.task!r}: the "
                f"first task of that object is {first_tasks[slot]!r}"
            )
        key = new_key(object_id, used)
        used.add(key)
        new.append(KeyEntry(**_fields(object_id), key=key))
    _check_size([*held.objects, *new])
    return held.model_copy(update={"objects": (*held.objects, *new), "first_tasks": first_tasks})


def _check_size(entries: list[KeyEntry]) -> None:
    most = MOST_CELLS // MAX_SEED
    for dataset, objects in Counter(entry.dataset for entry in entries).items():
        if objects > most:
            raise BadInputError(
                f"dataset {dataset!r} would have {objects} registered objects, {objects * MAX_SEED}"
                f" cells; at most {most} objects ({MOST_CELLS} cells) can be shown: split it by "
                f"release, as {dataset}-r1, {dataset}-r2, …"
            )


def _fields(object_id: ObjectId) -> dict[str, str]:
    return {
        "dataset": object_id.dataset,
        "category": object_id.category,
        "task": object_id.task,
    }


def _id(held: KeysFile, entry: KeyEntry) -> ObjectId:
    first = held.first_tasks.get(_slot(entry.dataset, entry.category), entry.task)
    return ObjectId(entry.dataset, entry.category, entry.task, is_first=entry.task == first)


def _slot(dataset: str, category: str) -> str:
    return f"{dataset}/{category}".lower()
