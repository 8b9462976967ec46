"""Who is who: catalogue entries, clips and their names."""

import re
from dataclasses import dataclass
from typing import Final

from hoi_platform.core.errors import BadInputError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,127}")
_CLIP: Final = re.compile(r"([^/]+)/([^/]+)/(.+)_([^_/]+)_rand(\d{5})")
_SEED_KEY: Final = re.compile(r"rand(\d{5})")


def checked_name(kind: str, name: str) -> str:
    """A dataset, category, character or scene name that is safe in paths and partition keys."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise BadInputError(
            f"{kind} {name!r} is not usable as a name: use letters, digits, '_', '-', '.' "
            "(first a letter or digit, at most 64 characters)"
        )
    return name


@dataclass(frozen=True, order=True)
class ObjectId:
    """One catalogue entry: what a person does with one object."""

    dataset: str
    category: str
    task: str = "manipulation"

    def __post_init__(self) -> None:
        for kind in ("dataset", "category", "task"):
            checked_name(kind, getattr(self, kind))
        if not _KEY.fullmatch(self.key):
            raise BadInputError(f"{self.key!r} is too long for a partition key (128 characters)")

    @property
    def key(self) -> str:
        """The slug that is its partition key, unique per entry up to case."""
        return f"{self.dataset}--{self.category}--{self.task}".lower().replace(".", "_")

    @property
    def path(self) -> str:
        """``<dataset>/<category>``, as the reference lays its folders out."""
        return f"{self.dataset}/{self.category}"

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, order=True)
class ClipId:
    """One clip: an object, a character, a scene and a random seed."""

    object_id: ObjectId
    character: str
    scene: str
    seed: int

    @property
    def path(self) -> str:
        """``<dataset>/<category>/<character>_<scene>_rand<seed:05d>``, the reference's clip id."""
        name = f"{self.character}_{self.scene}_rand{self.seed:05d}"
        return f"{self.object_id.path}/{name}"

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


def parse_clip_path(path: str, task: str) -> ClipId:
    """The inverse of ``ClipId.path``; the task is not part of a path.

    A character's name may hold underscores, a scene's may not.
    """
    if not (match := _CLIP.fullmatch(path)):
        raise BadInputError(
            f"clip id {path!r} is not of the form "
            "<dataset>/<category>/<character>_<scene>_rand00001"
        )
    dataset, category, character, scene, seed = match.groups()
    return ClipId(ObjectId(dataset, category, task), character, scene, int(seed))
