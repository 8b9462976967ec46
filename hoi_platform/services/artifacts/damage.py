"""Files of the results that cannot be read: what is said of them, and how to go on without them."""

import os
from collections.abc import Callable
from typing import Final, TypeVar

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.artifacts import ARTIFACTS, Subject
from hoi_platform.services.artifacts.store import ArtifactStore

T = TypeVar("T")

_TAIL: Final = 16
"""Bytes at the end of a file in which its last bracket stands; chosen: a line break follows it."""


class DamagedFileError(BadInputError):
    """A file of an artifact is not what its stage wrote; the message holds the cure."""


def unreadable_record(asset: str, subject: Subject, reason: str) -> str:
    """What is wrong with a record, and the cure; the next run takes it for missing."""
    return _damaged(ARTIFACTS[asset].record_path(subject), asset, reason)


def parsed(
    store: ArtifactStore, asset: str, key: str, subject: Subject, parse: Callable[[bytes], T]
) -> T:
    """What ``parse`` makes of an artifact's JSON file. Raises DamagedFileError."""
    name = ARTIFACTS[asset].relative_path(key, subject)
    try:
        return parse((store.root / name).read_bytes())
    except OSError as error:
        raise DamagedFileError(_damaged(name, asset, f"{error.strerror}")) from error
    except (ValueError, KeyError, TypeError, AttributeError, BadInputError) as error:
        raise DamagedFileError(_damaged(name, asset, str(error))) from error


def require_whole(store: ArtifactStore, asset: str, key: str, subject: Subject) -> None:
    """Raises DamagedFileError for a JSON object whose end is missing; only its end is read."""
    name = ARTIFACTS[asset].relative_path(key, subject)
    try:
        with (store.root / name).open("rb") as file:
            file.seek(-min(_TAIL, os.fstat(file.fileno()).st_size), os.SEEK_END)
            end = file.read()
    except OSError as error:
        raise DamagedFileError(_damaged(name, asset, f"{error.strerror}")) from error
    if not end.rstrip().endswith(b"}"):
        raise DamagedFileError(_damaged(name, asset, "its end is missing"))


def _damaged(name: str, asset: str, reason: str) -> str:
    return (
        f"{name} cannot be read ({reason}); restore it, or run the clip's chain again, which makes "
        f"{asset} anew"
    )
