"""What listings need of every record, object by object; only records that changed are read.

The summaries of an object's records lie in one file below ``.cache``, each with the state that its
record's file had when it was read. A record that is replaced or edited has another state, so that
the next look at it reads it again. The folder may be deleted at any time.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import ARTIFACTS, VARIANTS, Subject
from hoi_platform.core.licensing import UNKNOWN, License
from hoi_platform.services.artifacts.file_state import FileState, file_state, settled
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.artifacts.record import ArtifactRecord

FORM: Final = 1
"""Number of the cache files' form; chosen: raised with every change, others are not read."""
KEPT_FACTS: Final = frozenset({"rejected", "valid", "failed", "kept_frames"})
"""The facts of records that listings show."""

_RECORDS: Final = "generation/records"
_OBJECT: Final = ""
"""The name under which an object's own records are kept beside those of its clips."""


class RecordSummary(NamedTuple):
    """A record without its settings and the list of its files."""

    fingerprint: str
    digest: str
    inputs: dict[str, str]
    record_version: int
    backend: str
    seconds: float
    created_at: str
    terms: str
    """The licenses as JSON."""
    facts: dict[str, Any]
    """Those of ``KEPT_FACTS`` that it has."""


class ObjectRecords:
    """The records of one object and of its clips, by asset and by the clip's name."""

    def __init__(
        self, found: dict[str, dict[str, RecordSummary]], unreadable: dict[str, dict[str, str]]
    ) -> None:
        self._found = found
        self._unreadable = unreadable

    def of(self, asset: str, subject: Subject) -> RecordSummary | None:
        """The record of an artifact of the object, or of one of its clips."""
        name = subject.name if isinstance(subject, ClipId) else _OBJECT
        return self._found.get(asset, _NOTHING).get(name)

    def all_of(self, subject: Subject, assets: Iterable[str]) -> dict[str, RecordSummary]:
        """Those of the assets that the object, or one of its clips, has."""
        return {name: record for name in assets if (record := self.of(name, subject))}

    def names(self, *assets: str) -> set[str]:
        """The names of the clips that have a record of one of the assets, readable or not."""
        known = (self._found, self._unreadable)
        return {name for asset in assets for of in known for name in of.get(asset, ()) if name}

    def unreadable(self, subject: Subject) -> dict[str, str]:
        """Asset → why its record of the object, or of one of its clips, cannot be read."""
        name = subject.name if isinstance(subject, ClipId) else _OBJECT
        return {asset: of[name] for asset, of in self._unreadable.items() if name in of}


_NOTHING: Final[dict[str, RecordSummary]] = {}


class Summaries:
    """Summaries of all records below a results folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.read: int = 0
        """Records that were opened, because no summary of their content was there."""

    def objects(self) -> list[str]:
        """The paths of all objects of which anything was made, sorted."""
        found: set[str] = set()
        for asset, kind in ARTIFACTS.items():
            if kind.scope != "index":
                top = f"{self._root}/{_RECORDS}/{asset}"
                for dataset in _folders(top):
                    names = _names(f"{top}/{dataset}")
                    found |= {f"{dataset}/{name.removesuffix('.json')}" for name in names}
        return sorted(found)

    def of_object(self, path: str) -> ObjectRecords:
        """The records of the object with this path (``ObjectId.path``) and of its clips."""
        kept = self._cached(path)
        found: dict[str, dict[str, RecordSummary]] = {}
        rows: list[list[Any]] = []
        unreadable: dict[str, dict[str, str]] = {}
        read_before = self.read
        for asset, name, file, state in self._files(path):
            row = kept.get((asset, name))
            if row is None or row[0] != state:
                row = self._summary(file, state)
            if isinstance(row[1], RecordSummary):
                found.setdefault(asset, {})[name] = row[1]
            else:
                unreadable.setdefault(asset, {})[name] = row[1]
            if settled(state):
                rows.append([asset, name, *row])
        if self.read > read_before or len(rows) != len(kept):
            self._keep(path, rows)
        return ObjectRecords(found, unreadable)

    def variants(self, asset: str, path: str) -> dict[str, tuple[str, ...]]:
        """Clip's name → the variants of which it has a record, for the clips of one object."""
        found: dict[str, tuple[str, ...]] = {}
        top = f"{self._root}/generation/{VARIANTS}"
        for variant in sorted(_folders(top)):
            for name in _names(f"{top}/{variant}/records/{asset}/{path}"):
                clip = name.removesuffix(".json")
                found[clip] = (*found.get(clip, ()), variant)
        return found

    def _files(self, path: str) -> Iterator[tuple[str, str, str, FileState]]:
        """Asset, clip's name, file and state of every record of an object and its clips."""
        for asset, kind in ARTIFACTS.items():
            place = f"{self._root}/{_RECORDS}/{asset}/{path}"
            if kind.scope == "object":
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    yield asset, _OBJECT, f"{place}.json", file_state(Path(f"{place}.json").stat())
            elif kind.scope == "clip":
                for entry in _entries(place):
                    if entry.name.endswith(".json") and not entry.name.startswith("."):
                        yield asset, entry.name[:-5], entry.path, file_state(entry.stat())

    def _summary(self, file: str, state: FileState) -> tuple[FileState, RecordSummary | str]:
        """The record in a file, or why it cannot be read."""
        self.read += 1
        try:
            record = ArtifactRecord.model_validate_json(Path(file).read_bytes())
        except OSError as error:
            return state, f"{error.strerror}"
        except ValidationError as error:
            return state, f"{error.error_count()} errors, the first: {error.errors()[0]['msg']}"
        return state, summary_of(record)

    def _cache_file(self, path: str) -> Path:
        return self._root / ".cache" / "records" / f"{path}.json"

    def _cached(self, path: str) -> dict[tuple[str, str], tuple[FileState, RecordSummary | str]]:
        """What is kept of an object; nothing where that is damaged or of another version."""
        try:
            return _decoded(json.loads(self._cache_file(path).read_bytes()))
        except (OSError, ValueError, KeyError, IndexError, TypeError):
            return {}

    def _keep(self, path: str, rows: list[list[Any]]) -> None:
        """A results folder that cannot be written is listed all the same, only more slowly."""
        with contextlib.suppress(OSError):
            write_whole(self._cache_file(path), _encoded(rows), sync=False)


def summary_of(record: ArtifactRecord) -> RecordSummary:
    """What listings need of a record."""
    licenses = record.licenses
    terms = None if licenses is None else [item.model_dump() for item in licenses]
    return RecordSummary(
        fingerprint=record.fingerprint,
        digest=record.digest,
        inputs=record.inputs,
        record_version=record.record_version,
        backend=record.backend,
        seconds=record.seconds,
        created_at=record.created_at,
        terms=json.dumps(terms),
        facts={key: value for key, value in record.facts.items() if key in KEPT_FACTS},
    )


@lru_cache(maxsize=10_000)
def licenses_of(asset: str, terms: str) -> tuple[License, ...]:
    """``RecordSummary.terms`` of an asset's record; unknown ones where none were kept."""
    listed = json.loads(terms)
    if listed is None:
        return (License(part=asset, name=UNKNOWN, commercial_ok=False),)
    return tuple(License.model_validate(item) for item in listed)


def _encoded(rows: list[list[Any]]) -> str:
    """Rows as JSON in which every text stands once."""
    texts: dict[str, int] = {}

    def number(text: str) -> int:
        return texts.setdefault(text, len(texts))

    packed = []
    for asset, name, state, found in rows:
        row: list[Any] = [number(asset), number(name), *state]
        if isinstance(found, RecordSummary):
            inputs = [number(text) for pair in found.inputs.items() for text in pair]
            row += [number(found.fingerprint), number(found.digest), inputs]
            row += [found.record_version, number(found.backend), found.seconds]
            row += [number(found.created_at), number(found.terms), found.facts]
        else:
            row.append(found)
        packed.append(row)
    return json.dumps({"form": FORM, "texts": list(texts), "rows": packed}, separators=(",", ":"))


def _decoded(
    data: Mapping[str, Any],
) -> dict[tuple[str, str], tuple[FileState, RecordSummary | str]]:
    """The inverse of ``_encoded``, by asset and clip's name."""
    if data["form"] != FORM:
        return {}
    texts, result = data["texts"], {}
    for asset, name, inode, size, modified, changed, *rest in data["rows"]:
        found: RecordSummary | str = rest[0]
        if len(rest) > 1:
            fingerprint, digest, inputs, version, backend, seconds, created, terms, facts = rest
            pairs = iter([texts[number] for number in inputs])
            found = RecordSummary(
                fingerprint=texts[fingerprint],
                digest=texts[digest],
                inputs=dict(zip(pairs, pairs, strict=True)),
                record_version=version,
                backend=texts[backend],
                seconds=seconds,
                created_at=texts[created],
                terms=texts[terms],
                facts=facts,
            )
        result[texts[asset], texts[name]] = ((inode, size, modified, changed), found)
    return result


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _folders(folder: str) -> list[str]:
    return [e.name for e in _entries(folder) if e.is_dir() and not e.name.startswith(".")]


def _names(folder: str) -> list[str]:
    """Without temporary files."""
    return [entry.name for entry in _entries(folder) if not entry.name.startswith(".")]
