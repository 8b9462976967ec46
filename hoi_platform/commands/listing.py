"""What all listings have in common: filters, JSON, and the fields that name a clip."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import typer

from hoi_platform.commands.entry import UsageError

if TYPE_CHECKING:
    from hoi_platform.core.clip import ClipId, ObjectId

Row = Mapping[str, Any]
"""Plain values by name; the names of a listing are stable."""


@dataclass(frozen=True)
class Wanted:
    """What a listing is limited to; an empty field limits nothing."""

    object: str = ""
    """Category or ``dataset/category``, with ``*`` for anything."""
    task: str = ""
    state: str = ""
    failed: str = ""
    """Name of a check."""

    def check(self, states: Collection[str]) -> None:
        """Raises UsageError for a task, state or check that does not exist."""
        from hoi_platform.core.filtering.registry import CHECKS
        from hoi_platform.core.task import TASKS

        known = {"task": TASKS.rows(), "state": states, "failed": CHECKS.rows()}
        for name, names in known.items():
            value = getattr(self, name)
            if value and value not in names:
                raise UsageError(f"--{name} {value!r} is unknown; known: {', '.join(names)}")

    def has_object(self, object_id: "ObjectId") -> bool:
        """Whether an object is of the task, and is called so."""
        return self.task in ("", object_id.task) and self.has_name(
            f"{object_id.dataset}/{object_id.category}"
        )

    def has_name(self, name: str) -> bool:
        """Whether ``dataset/category`` is among those wanted."""
        pattern = self.object if "/" in self.object else f"*/{self.object}"
        return not self.object or fnmatchcase(name, pattern)

    def has_failed(self, failed: Iterable[str]) -> bool:
        """Whether the wanted check is among those that failed."""
        return not self.failed or self.failed in failed


def clip_fields(clip: "ClipId") -> dict[str, Any]:
    """The fields of a clip's row that say which clip it is."""
    object_id = clip.object_id
    return {
        "clip": clip.path,
        "dataset": object_id.dataset,
        "category": object_id.category,
        "task": object_id.task,
        "character": clip.character,
        "scene": clip.scene,
        "seed": clip.seed,
    }


def print_json(rows: Sequence[Row]) -> None:
    """The rows as a JSON array, whatever the terminal's width."""
    typer.echo(json.dumps(rows, indent=1))
