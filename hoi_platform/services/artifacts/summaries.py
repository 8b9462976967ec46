"""What listings need of every record, object by object; only records that changed are read.

The summaries of an object's records lie in one file below ``.cache``, each with the state that its
record's file had when it was read. A record that is replaced or edited has another state, so that
the next look at it reads it again. The folder may be deleted at any time.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import ARTIFACTS, VARIANTS, Subject
from hoi_platform.core.licensing import UNKNOWN, License
from hoi_platform.services.artifacts.file_state import settled, state_of
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


Row = list[Any]
"""A summary as the cache keeps it, its texts by number; of a broken record the reason alone."""


class ObjectRecords:
    """The records of one object and of its clips."""

    def __init__(
        self,
        rows: dict[str, dict[str, Row]],
        unreadable: dict[str, dict[str, str]],
        texts: Sequence[str],
    ) -> None:
        self._rows = rows
        self._unreadable = unreadable
        self._texts = texts
        self._asked: tuple[Subject, dict[str, Row]] = None, _NOTHING
        """The subject that was last asked about, and its rows."""

    def of(self, asset: str, subject: Subject) -> RecordSummary | None:
        """The record of an artifact of the object, or of one of its clips."""
        row = self._row(asset, subject)
        return None if row is None else _unpacked(row, self._texts)

    def identity(self, asset: str, subject: Subject) -> tuple[int, str] | None:
        """The version of a record and its fingerprint; None where there is no record."""
        row = self._row(asset, subject)
        return None if row is None else (row[_VERSION], self._texts[row[0]])

    def changed_input(self, asset: str, subject: Subject) -> str | None:
        """The first upstream asset whose content is not what an artifact was made from."""
        own, of_object = self._all(subject), self._rows.get(_OBJECT, _NOTHING)
        row = own.get(asset)
        numbers = iter(row[_INPUTS] if row else ())
        for upstream, digest in zip(numbers, numbers, strict=True):
            name = self._texts[upstream]
            now = own.get(name) or of_object.get(name)
            if now is None or now[_DIGEST] != digest:
                return name
        return None

    def digest(self, asset: str, subject: Subject) -> str | None:
        """``RecordSummary.digest`` of a record; None where there is none."""
        row = self._row(asset, subject)
        return None if row is None else self._texts[row[_DIGEST]]

    def terms(self, asset: str, subject: Subject) -> str | None:
        """``RecordSummary.terms`` of a record; None where there is none."""
        row = self._row(asset, subject)
        return None if row is None else self._texts[row[_TERMS]]

    def all_of(self, subject: Subject, assets: Iterable[str]) -> dict[str, RecordSummary]:
        """Those of the assets that the object, or one of its clips, has."""
        return {name: record for name in assets if (record := self.of(name, subject))}

    def names(self, *assets: str) -> set[str]:
        """The names of the clips that have a record of one of the assets, readable or not."""
        wanted = {*assets}
        tables = (self._rows, self._unreadable)
        found = (pair for table in tables for pair in table.items())
        return {name for name, of in found if name and not wanted.isdisjoint(of)}

    def unreadable(self, subject: Subject) -> dict[str, str]:
        """Asset → why its record of the object, or of one of its clips, cannot be read."""
        name = subject.name if isinstance(subject, ClipId) else _OBJECT
        return self._unreadable.get(name, {})

    def _row(self, asset: str, subject: Subject) -> Row | None:
        return self._all(subject).get(asset)

    def _all(self, subject: Subject) -> dict[str, Row]:
        """Asset → row of the object, or of one of its clips."""
        if self._asked[0] is not subject:
            name = subject.name if isinstance(subject, ClipId) else _OBJECT
            self._asked = subject, self._rows.get(name, _NOTHING)
        return self._asked[1]


_NOTHING: Final[dict[str, Row]] = {}


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
        found = self._found(path)
        files = [[asset, *entry] for asset, entries in found.items() for entry in entries]
        kept = self._kept(path)
        if kept is None or kept["files"] != files:
            kept = self._renewed(path, files, kept)
        rows: dict[str, dict[str, Row]] = {}
        unreadable: dict[str, dict[str, str]] = {}
        for (asset, name, *_), row in zip(files, kept["rows"], strict=True):
            if len(row) > 1:
                rows.setdefault(name, {})[asset] = row
            else:
                unreadable.setdefault(name, {})[asset] = row[0]
        return ObjectRecords(rows, unreadable, kept["texts"])

    def _renewed(self, path: str, files: list[Row], kept: dict[str, Any] | None) -> dict[str, Any]:
        """Summaries of these files: what is kept of those that are as they were, else anew."""
        numbers: dict[str, int] = {}
        held = zip(kept["files"], kept["rows"], strict=True) if kept else ()
        old = {(file[0], file[1]): (file, row) for file, row in held}
        rows = []
        for file in files:
            before, row = old.get((file[0], file[1]), (None, None))
            if before != file or row is None:
                row = self._summary(path, file, numbers)
            elif kept and len(row) > 1:
                row = _packed(_unpacked(row, kept["texts"]), numbers)
            rows.append(row)
        result = {"form": FORM, "files": files, "texts": list(numbers), "rows": rows}
        lasting = [pair for pair in zip(files, rows, strict=True) if settled(tuple(pair[0][2:]))]
        if [file for file, _ in lasting] != (kept["files"] if kept else []):
            sure = {"files": [file for file, _ in lasting], "rows": [row for _, row in lasting]}
            self._keep(path, result | sure)
        return result

    def variants(self, asset: str, path: str) -> dict[str, tuple[str, ...]]:
        """Clip's name → the variants of which it has a record, for the clips of one object."""
        found: dict[str, tuple[str, ...]] = {}
        top = f"{self._root}/generation/{VARIANTS}"
        for variant in sorted(_folders(top)):
            for name in _names(f"{top}/{variant}/records/{asset}/{path}"):
                clip = name.removesuffix(".json")
                found[clip] = (*found.get(clip, ()), variant)
        return found

    def _found(self, path: str) -> dict[str, list[Row]]:
        """Asset → clip's name and file's state of every record of an object and its clips."""
        found: dict[str, list[Row]] = {}
        for asset, kind in ARTIFACTS.items():
            place = f"{self._root}/{_RECORDS}/{asset}/{path}"
            if kind.scope == "object":
                if state := state_of(Path(f"{place}.json")):
                    found[asset] = [[_OBJECT, *state]]
            elif kind.scope == "clip":
                found[asset] = [
                    [name[:-5], info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns]
                    for entry in _entries(place)
                    if (name := entry.name).endswith(".json") and name[0] != "."
                    for info in [entry.stat()]
                ]
        return found

    def _summary(self, path: str, file: Row, numbers: dict[str, int]) -> Row:
        """Of the record in a file; the reason where it cannot be read."""
        asset, name = file[0], file[1]
        place = self._root / _RECORDS / asset / path
        self.read += 1
        try:
            content = place / f"{name}.json" if name else place.with_name(f"{place.name}.json")
            record = ArtifactRecord.model_validate_json(content.read_bytes())
        except OSError as error:
            return [f"{error.strerror}"]
        except ValidationError as error:
            return [f"{error.error_count()} errors, the first: {error.errors()[0]['msg']}"]
        return _packed(summary_of(record), numbers)

    def _cache_file(self, path: str) -> Path:
        return self._root / ".cache" / "records" / f"{path}.json"

    def _kept(self, path: str) -> dict[str, Any] | None:
        """What is kept of an object; None where that is damaged or of another version."""
        try:
            held = json.loads(self._cache_file(path).read_bytes())
            whole = held["form"] == FORM and len(held["files"]) == len(held["rows"])
            return held if whole and isinstance(held["texts"], list) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, path: str, held: dict[str, Any]) -> None:
        """A results folder that cannot be written is listed all the same, only more slowly."""
        text = json.dumps(held, separators=(",", ":"))
        with contextlib.suppress(OSError):
            write_whole(self._cache_file(path), text, sync=False)


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


_DIGEST: Final = 1
"""Place of the digest in a row; chosen."""
_INPUTS: Final = 2
"""Place of the inputs in a row (upstream asset, its digest, and so on); chosen."""
_VERSION: Final = 3
"""Place of the version in a row; chosen."""
_TERMS: Final = 7
"""Place of the terms in a row; chosen."""


def _packed(summary: RecordSummary, numbers: dict[str, int]) -> Row:
    """A summary in which texts are numbers; new texts get one."""

    def number(text: str) -> int:
        return numbers.setdefault(text, len(numbers))

    inputs = [number(text) for pair in summary.inputs.items() for text in pair]
    return [
        number(summary.fingerprint),
        number(summary.digest),
        inputs,
        summary.record_version,
        number(summary.backend),
        summary.seconds,
        number(summary.created_at),
        number(summary.terms),
        summary.facts,
    ]


def _unpacked(row: Row, texts: Sequence[str]) -> RecordSummary:
    fingerprint, digest, inputs, version, backend, seconds, created, terms, facts = row
    pairs = iter([texts[number] for number in inputs])
    return RecordSummary(
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
