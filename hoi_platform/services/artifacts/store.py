"""The results folder: where artifacts are, which are done, and how a new one is put in place.

Of a kind with variants, the results of each backend have a tree of their own; the variant in use is
copied to the artifact's place, together with its record, unchanged.
"""

import contextlib
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from hoi_platform.core.errors import MissingResourceError
from hoi_platform.core.formats.artifacts import (
    ARTIFACTS,
    VARIANTS,
    ArtifactKind,
    Subject,
    subject_path,
    upstream_subject,
    variant_path,
)
from hoi_platform.services.artifacts.file_state import FileState, file_state
from hoi_platform.services.artifacts.files import (
    copy_whole,
    exclusive,
    move_whole,
    remove_whole,
    storage_errors,
    sync_tree,
    write_whole,
)
from hoi_platform.services.artifacts.record import (
    RECORD_VERSION,
    ArtifactRecord,
    file_digest,
    remember_digest,
    unchanged_file_digest,
)
from hoi_platform.services.artifacts.summaries import Summaries

NO_RECORD: Final = "no record"
EARLIER_VERSION: Final = "made by an earlier version: run `hoi migrate`"
OTHER_INPUTS: Final = "inputs, settings or code changed since it was made"


def made_again(upstream: str) -> str:
    """Why an artifact is stale whose input has another content now."""
    return f"{upstream} was made again with other content"


class State(StrEnum):
    """What an artifact is under today's inputs and settings."""

    DONE = "done"
    MISSING = "missing"
    STALE = "stale"
    CORRUPT = "corrupt"
    SET_ASIDE = "set aside"
    """Another variant has its place; the next run puts it there without making it again."""


@dataclass(frozen=True)
class Status:
    """A state with the reason for it."""

    state: State
    reason: str = ""

    @property
    def done(self) -> bool:
        return self.state is State.DONE

    @property
    def made(self) -> bool:
        """Whether nothing has to be made, or bought, for it to be done."""
        return self.state in (State.DONE, State.SET_ASIDE)


@dataclass(frozen=True)
class Staging:
    """A scratch folder in which one artifact is written before it is put in place."""

    kind: ArtifactKind
    subject: Subject
    root: Path

    def path(self, key: str) -> Path:
        """Where to write a file (its parent exists) or a folder (it exists)."""
        relative = self.kind.relative_path(key, self.subject)
        path = self.root / relative
        (path if relative.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        return path


class ArtifactStore:
    """Artifacts below one results folder. Safe for many processes on one file system."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @cached_property
    def summaries(self) -> Summaries:
        """What listings need of all records."""
        return Summaries(self.root)

    def path(self, asset: str, key: str, subject: Subject, variant: str | None = None) -> Path:
        """The final place of one file of an artifact, or of one of its variants."""
        return self.root / ARTIFACTS[asset].relative_path(key, subject, variant)

    def record(
        self, asset: str, subject: Subject, variant: str | None = None
    ) -> ArtifactRecord | None:
        """The record of an artifact, or of a variant; None if there is none that can be read."""
        path = self.root / ARTIFACTS[asset].record_path(subject, variant)
        try:
            return ArtifactRecord.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def variants(self, asset: str, subject: Subject) -> dict[str, ArtifactRecord]:
        """The records of all variants of an artifact, by their names."""
        kind = ARTIFACTS[asset]
        if not kind.variants:
            return {}
        top, _, below = kind.record_path(subject).partition("/")
        folder = self.root / top / VARIANTS
        names = sorted(path.name for path in folder.glob("*") if (path / below).is_file())
        found = {name: self.record(asset, subject, name) for name in names}
        return {name: record for name, record in found.items() if record is not None}

    def status(
        self, asset: str, subject: Subject, fingerprint: str, *, verify: bool = True
    ) -> Status:
        """Whether the artifact is what today's fingerprint asks for; ``verify`` hashes files."""
        record = self.record(asset, subject)
        if record is None:
            return Status(State.MISSING, NO_RECORD)
        if record.record_version != RECORD_VERSION:
            return Status(State.STALE, EARLIER_VERSION)
        if record.fingerprint != fingerprint:
            return Status(State.STALE, OTHER_INPUTS)
        return self.content_status(record, subject, verify=verify)

    def content_status(
        self, record: ArtifactRecord, subject: Subject, *, verify: bool = True
    ) -> Status:
        """Whether what a record lists is there, made from what is there now."""
        for upstream, digest in record.inputs.items():
            now = self.record(upstream, upstream_subject(upstream, subject))
            if now is None or now.digest != digest:
                return Status(State.STALE, made_again(upstream))
        return self.files_status(record, verify=verify)

    def files_status(
        self, record: ArtifactRecord, variant: str | None = None, *, verify: bool = True
    ) -> Status:
        """Whether the files that a record lists are whole, in place or in a variant's tree."""
        for listed, digest in record.files.items():
            name = variant_path(listed, variant)
            path = self.root / name
            if not path.is_file():
                return Status(State.CORRUPT, f"{name} is gone")
            if verify and unchanged_file_digest(path) != digest:
                return Status(State.CORRUPT, f"{name} differs from its recorded hash")
        return Status(State.DONE)

    def require(self, asset: str, key: str, subject: Subject) -> Path:
        """The path of an upstream file; MissingResourceError names the asset to make first."""
        path = self.path(asset, key, subject)
        if self.record(asset, subject) is None or not path.exists():
            raise MissingResourceError(
                f"{asset} of {subject_path(subject) or 'the dataset'} has not been made "
                f"({path} is absent); materialize {asset} first"
            )
        return path

    @contextlib.contextmanager
    def staging(self, asset: str, subject: Subject) -> Iterator[Staging]:
        """A scratch folder on the results' file system, removed at the end whatever happens.

        Raises StorageError for what the disk refuses inside.
        """
        root = self.root / ".staging" / f"{asset}-{uuid.uuid4().hex}"
        with storage_errors(f"{asset} of {subject_path(subject) or 'the dataset'}", self.root):
            root.mkdir(parents=True)
            try:
                yield Staging(ARTIFACTS[asset], subject, root)
            finally:
                shutil.rmtree(root, ignore_errors=True)

    def commit(self, staging: Staging, record: ArtifactRecord) -> ArtifactRecord:
        """Put a finished artifact in place: files first, the record, which makes it done, last.

        A variant is whole in its own tree before its copy takes the artifact's place.
        """
        kind, subject = staging.kind, staging.subject
        hashed = self._hashes(staging)
        files = {name: digest for name, (digest, _) in hashed.items()}
        record = record.model_copy(update={"files": files})
        sync_tree(staging.root)
        with self._locked(kind):
            variant = record.variant if kind.variants else None
            self._keep_standing(kind, subject, besides=record.variant)
            self._install(record, subject, variant, lambda name: staging.root / name, move_whole)
            for name, (digest, state) in hashed.items():
                remember_digest(self.root / variant_path(name, variant), digest, state)
            if variant is not None:
                self._put_in_place(record, subject, variant)
        return record

    def put_in_place(self, subject: Subject, record: ArtifactRecord) -> None:
        """Put the variant of this record in use; the one that it replaces stays a variant."""
        kind = ARTIFACTS[record.asset]
        with self._locked(kind):
            self._keep_standing(kind, subject, besides=record.variant)
            self._put_in_place(record, subject, record.variant)

    def rewrite_record(self, subject: Subject, record: ArtifactRecord) -> None:
        """Replace the record of an artifact whose files stay as they are, in its variant too."""
        kind = ARTIFACTS[record.asset]
        with self._locked(kind):
            self._write_record(record, subject, None)
            self._keep_standing(kind, subject)
            kept = self.record(record.asset, subject, record.variant) if kind.variants else None
            if kept is not None and kept.digest == record.digest:
                self._write_record(record, subject, record.variant)

    def rewrite_variant(self, subject: Subject, record: ArtifactRecord) -> None:
        """Replace a variant's record, and the artifact's where the variant is in use."""
        with self._locked(ARTIFACTS[record.asset]):
            self._write_record(record, subject, record.variant)
            standing = self.record(record.asset, subject)
            if standing is not None and standing.variant == record.variant:
                self._write_record(record, subject, None)

    def remove(self, asset: str, subject: Subject) -> None:
        """Delete an artifact with its variants: each one's record first, then its files."""
        kind = ARTIFACTS[asset]
        for variant in (*self.variants(asset, subject), None):
            (self.root / kind.record_path(subject, variant)).unlink(missing_ok=True)
            for file in kind.files:
                remove_whole(self.root / kind.relative_path(file.key, subject, variant))

    def _locked(self, kind: ArtifactKind) -> contextlib.AbstractContextManager[None]:
        return exclusive(self.root / ".staging" / "locks" / f"{kind.name}.lock")

    def _keep_standing(
        self, kind: ArtifactKind, subject: Subject, besides: str | None = None
    ) -> None:
        """Create the variant's tree of what is in place, which versions without variants lack. Not
        for ``besides``, which is about to be replaced.
        """
        standing = self.record(kind.name, subject) if kind.variants else None
        if standing is None or standing.variant == besides:
            return
        kept = self.record(kind.name, subject, standing.variant)
        if kept is None and self.files_status(standing).done:
            self._install(
                standing, subject, standing.variant, lambda name: self.root / name, copy_whole
            )

    def _put_in_place(self, record: ArtifactRecord, subject: Subject, variant: str) -> None:
        self._install(
            record, subject, None, lambda name: self.root / variant_path(name, variant), copy_whole
        )

    def _install(
        self,
        record: ArtifactRecord,
        subject: Subject,
        variant: str | None,
        source: Callable[[str], Path],
        put: Callable[[Path, Path], None],
    ) -> None:
        """Put every file of an artifact (or variant), remove those that it lacks, then record."""
        kind = ARTIFACTS[record.asset]
        (self.root / kind.record_path(subject, variant)).unlink(missing_ok=True)
        for file in kind.files:
            name = kind.relative_path(file.key, subject)
            target = self.root / variant_path(name, variant)
            if source(name).exists():
                put(source(name), target)
            else:
                remove_whole(target)
        self._write_record(record, subject, variant)

    def _write_record(self, record: ArtifactRecord, subject: Subject, variant: str | None) -> None:
        path = self.root / ARTIFACTS[record.asset].record_path(subject, variant)
        write_whole(path, record.model_dump_json(indent=1) + "\n")

    def _hashes(self, staging: Staging) -> Mapping[str, tuple[str, FileState]]:
        """Digest and state of every file that was written."""
        kind, subject = staging.kind, staging.subject
        hashes: dict[str, tuple[str, FileState]] = {}
        for file in kind.files:
            relative = kind.relative_path(file.key, subject)
            staged = staging.root / relative
            if not staged.exists() or (staged.is_dir() and not any(staged.iterdir())):
                if not file.optional:
                    raise FileNotFoundError(f"{kind.name} did not write its {file.key}: {relative}")
                if staged.is_dir():
                    staged.rmdir()
                continue
            paths = sorted(staged.rglob("*")) if staged.is_dir() else [staged]
            for path in paths:
                if path.is_file():
                    state = file_state(path.stat())
                    hashes[str(path.relative_to(staging.root))] = file_digest(path), state
        return hashes
