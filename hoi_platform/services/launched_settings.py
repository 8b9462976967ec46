"""The settings of a launch: those of its first run, whatever the files say later.

``launches/<launch>/<task>`` in the results folder names a snapshot; its content is
``launches/settings/<digest>.json``. The first run of a launch writes both; every later one, on
whatever machine, reads them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from hoi_platform.core.config.settings import Settings
from hoi_platform.core.errors import ConfigError
from hoi_platform.services.artifacts.files import exclusive, storage_errors, write_whole
from hoi_platform.services.artifacts.record import fingerprint_of

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_MOST_SHOWN: Final = 8
"""Number of differing keys that are shown; chosen: more are another configuration."""


@dataclass(frozen=True)
class Pinned:
    """The settings of a launch for one task."""

    settings: Settings
    digest: str
    at_ns: int
    """When they were pinned (ns since 1970)."""


class LaunchedSettings:
    """The snapshots of one results folder."""

    def __init__(self, results_dir: Path, launch: str) -> None:
        self._folder = results_dir / "launches"
        self._launch = self._folder / _NO_NAME.sub("-", launch)

    def find(self, task: str) -> Pinned | None:
        """What the launch was pinned to. Raises ConfigError where this version cannot read it."""
        pin = self._launch / task
        if not pin.is_file():
            return None
        digest = pin.read_text().strip()
        file = self._snapshot(digest)
        try:
            settings = Settings.model_validate_json(file.read_bytes())
        except (OSError, ValidationError) as error:
            raise ConfigError(
                f"{file}: the settings that this launch began with cannot be read "
                f"({type(error).__name__}); launch its cells again, with today's settings"
            ) from error
        return Pinned(settings, digest, pin.stat().st_mtime_ns)

    def pin(self, task: str, settings: Settings) -> Pinned:
        """These settings, unless another run of the launch was faster."""
        content = settings.model_dump(mode="json")
        digest = fingerprint_of(content)
        lock = self._folder / ".lock"
        with storage_errors("the settings of a launch", self._folder), exclusive(lock):
            if not self._snapshot(digest).is_file():
                write_whole(self._snapshot(digest), json.dumps(content, indent=1) + "\n")
            if not (self._launch / task).is_file():
                write_whole(self._launch / task, digest + "\n")
        pinned = self.find(task)
        assert pinned is not None
        return pinned

    def _snapshot(self, digest: str) -> Path:
        return self._folder / "settings" / f"{digest}.json"


def differences(then: Settings, now: Settings) -> str:
    """Where today's settings differ: ``gen_2dhoi.video.duration: '5' then, '10' today``."""
    pairs = [
        f"{path}: {old!r} then, {new!r} today"
        for path, old, new in _differing(
            "", then.model_dump(mode="json"), now.model_dump(mode="json")
        )
    ]
    more = len(pairs) - _MOST_SHOWN
    return "; ".join([*pairs[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])])


def _differing(path: str, then: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now}):
            below = f"{path}.{key}" if path else key
            yield from _differing(below, then.get(key), now.get(key))
    elif then != now:
        yield path, then, now
