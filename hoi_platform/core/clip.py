"""Identities: catalogue entries, clips and their names."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hoi_platform.core.errors import BadInputError

MAX_SEED: Final = 128
"""Random variants of an object: seeds are 1 to this number. Chosen."""
FIRST_TASK: Final = "manipulation"
"""What an object is made for where nothing else is known."""
MOST_NAME: Final = 128
"""Longest name of a dataset, category, character or scene (characters); chosen: it fits a file's
name (POSIX: 255 bytes)."""
_MOST_TASK: Final = 64
"""Longest name of a task (characters); chosen: it follows the category in a folder's name."""
_MOST_CLIP_NAME: Final = 200
"""Longest name of a clip's folder (characters); chosen below the 255 bytes of POSIX, because
endings and temporary names need some of them."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_CLIP: Final = re.compile(r"([^/]+/[^/]+)/(.+)_([^_/]+)_rand(\d{5})")
_SEED_KEY: Final = re.compile(r"rand(\d{5})")
_SEPARATOR: Final = "__"
"""Between category and task in the name of a folder."""

FirstTask = Callable[[str, str], str]
"""Dataset and category → the task whose folders do not name it."""


def checked_name(kind: str, name: str, most: int = MOST_NAME) -> str:
    """A dataset, category, character or scene name that is safe in paths and partition keys."""
    if not _NAME.fullmatch(name) or ".." in name or len(name) > most:
        raise BadInputError(
            f"{kind} {name!r} is not usable as a name: use letters, digits, '_', '-', '.' "
            f"(first a letter or digit, at most {most} characters)"
        )
    return name


@dataclass(frozen=True, order=True)
class ObjectId:
    """One catalogue entry: what a person does with one object."""

    dataset: str
    category: str
    task: str = FIRST_TASK
    is_first: bool = True
    """Whether it is the object's first task, which its folders do not name.

    The catalogue knows it (``Catalogue.named``); an id that claims otherwise is another id.
    """

    def __post_init__(self) -> None:
        checked_name("dataset", self.dataset)
        checked_name("category", self.category)
        checked_name("task", self.task, _MOST_TASK)
        if _SEPARATOR in self.task:
            raise BadInputError(f"task {self.task!r} is not usable as a name: it holds '__'")

    @property
    def path(self) -> str:
        """``<dataset>/<category>`` as in the reference, ``<dataset>/<category>__<task>`` later.

        A category that holds ``__`` itself is always followed by its task.
        """
        if self.is_first and _SEPARATOR not in self.category:
            return f"{self.dataset}/{self.category}"
        return f"{self.dataset}/{self.category}{_SEPARATOR}{self.task}"

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, order=True)
class ClipId:
    """One clip: an object, a character, a scene and a random seed."""

    object_id: ObjectId
    character: str
    scene: str
    seed: int

    def __post_init__(self) -> None:
        if len(self.name) > _MOST_CLIP_NAME:
            raise BadInputError(
                f"the names of character {self.character!r} and scene {self.scene!r} are too "
                f"long together: a clip's name {self.name!r} has at most {_MOST_CLIP_NAME} "
                "characters; rename one of their files"
            )

    @property
    def name(self) -> str:
        """``<character>_<scene>_rand<seed:05d>``: its folder within its object's."""
        return f"{self.character}_{self.scene}_rand{self.seed:05d}"

    @property
    def path(self) -> str:
        """``<object's path>/<name>``, the reference's clip id."""
        return f"{self.object_id.path}/{self.name}"

    def __str__(self) -> str:
        return self.path


def seed_key(seed: int) -> str:
    """``rand00001``: a seed's partition key."""
    return f"rand{seed:05d}"


def seed_of_key(key: str) -> int:
    """The inverse of ``seed_key``."""
    if not (match := _SEED_KEY.fullmatch(key)):
        raise BadInputError(f"seed key {key!r} is not of the form rand00001")
    return int(match.group(1))


def parse_object_path(path: str, first_task: FirstTask) -> ObjectId:
    """The inverse of ``ObjectId.path``."""
    dataset, slash, folder = path.partition("/")
    if not slash:
        raise BadInputError(f"object {path!r} is not of the form <dataset>/<category>")
    category, separator, task = folder.rpartition(_SEPARATOR)
    if not separator:
        return ObjectId(dataset, folder, first_task(dataset, folder))
    return ObjectId(dataset, category, task, is_first=task == first_task(dataset, category))


def parse_clip_path(path: str, first_task: FirstTask) -> ClipId:
    """The inverse of ``ClipId.path``.

    A character's name may hold underscores, a scene's may not.
    """
    if not (match := _CLIP.fullmatch(path)):
        raise BadInputError(
            f"clip id {path!r} is not of the form "
            "<dataset>/<category>/<character>_<scene>_rand00001"
        )
    folder, character, scene, seed = match.groups()
    return ClipId(parse_object_path(folder, first_task), character, scene, int(seed))
