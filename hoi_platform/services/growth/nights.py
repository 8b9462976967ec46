"""What was begun in each night: ``growth/<date>.json`` in the results folder."""

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from hoi_platform.core.errors import BadInputError
from hoi_platform.services.artifacts.files import exclusive, write_whole

_NOON: Final = timedelta(hours=12)
"""Half a day in hours: a night lasts from noon to noon (UTC); chosen: no evening is cut in two."""


class Begun(BaseModel):
    """What one start of the growth chose, with the numbers that it was chosen by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    launch: str
    plan: str | None = None
    """The purchase plan that releases its cells; None where nothing is bought."""
    cells: tuple[dict[str, Any], ...]
    """Key, category, value and expected price of each cell."""


class Nights:
    """The files of one results folder."""

    def __init__(self, results_dir: Path) -> None:
        self._folder = results_dir / "growth"

    @contextlib.contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Two starts at once would choose the same cells."""
        with exclusive(self._folder / ".lock"):
            yield

    def begun(self, night: date) -> list[Begun]:
        """What was begun in a night. Raises BadInputError for a damaged file."""
        path = self._folder / f"{night}.json"
        if not path.is_file():
            return []
        try:
            return [Begun.model_validate(item) for item in json.loads(path.read_bytes())]
        except (ValueError, ValidationError) as error:
            raise BadInputError(
                f"{path} is damaged ({type(error).__name__}); remove it: the cells of that night "
                "are then chosen again where they are still empty"
            ) from error

    def keys_of(self, night: date) -> set[str]:
        """The cells that were begun in a night."""
        return {str(cell["key"]) for start in self.begun(night) for cell in start.cells}

    def tries_before(self, night: date) -> Counter[str]:
        """Cell → in how many earlier nights it was begun."""
        tries: Counter[str] = Counter()
        for path in sorted(self._folder.glob("*.json")):
            if (day := date.fromisoformat(path.stem)) < night:
                tries.update(self.keys_of(day))
        return tries

    def note(self, night: date, start: Begun) -> None:
        """Add a start to its night; a crash leaves the file as it was."""
        known = [*self.begun(night), start]
        text = json.dumps([item.model_dump(mode="json") for item in known], indent=1)
        write_whole(self._folder / f"{night}.json", text + "\n")


def night_of(now: datetime) -> date:
    """The night that a moment belongs to: the date of its evening."""
    return (now - _NOON).date()


def bounds(night: date) -> tuple[datetime, datetime]:
    """From noon to noon, UTC."""
    noon = datetime(night.year, night.month, night.day, tzinfo=UTC) + _NOON
    return noon, noon + 2 * _NOON
