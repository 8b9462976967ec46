"""The results folder: where artifacts lie, which are done, and how a new one is put in place."""

import contextlib
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from hoi_platform.core.errors import MissingResourceError
from hoi_platform.core.formats.artifacts import (
    ARTIFACTS,
    ArtifactKind,
    Subject,
    subject_path,
    upstream_subject,
)
from hoi_platform.services.artifacts.files import (
    exclusive,
    move_whole,
    storage_errors,
    sync_tree,
    write_whole,
)
from hoi_platform.services.artifacts.record import (
    RECORD_VERSION,
    ArtifactRecord,
    file_digest,
    unchanged_file_digest,
)


class State(StrEnum):
    """What today's inputs and settings say of an artifact."""

    DONE = "done"
    MISSING = "missing"
    STALE = "stale"
    CORRUPT = "corrupt"


@dataclass(frozen=True)
class Status:
    """A state with the reason for it."""

    state: State
    reason: str = ""

    @property
    def done(self) -> bool:
        return self.state is State.DONE


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

    def path(self, asset: str, key: str, subject: Subject) -> Path:
        """The final place of one file of an artifact."""
        return self.root / ARTIFACTS[asset].relative_path(key, subject)

    def record(self, asset: str, subject: Subject) -> ArtifactRecord | None:
        """The record of an artifact; None if there is none or it cannot be read."""
        path = self.root / ARTIFACTS[asset].record_path(subject)
        try:
            return ArtifactRecord.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def status(
        self, asset: str, subject: Subject, fingerprint: str, *, verify: bool = True
    ) -> Status:
        """Whether the artifact is what today's fingerprint asks for; ``verify`` hashes files."""
        record = self.record(asset, subject)
        if record is None:
            return Status(State.MISSING, "no record")
        if record.record_version != RECORD_VERSION:
            return Status(State.STALE, "made by an earlier version: run `hoi migrate`")
        if record.fingerprint != fingerprint:
            return Status(State.STALE, "inputs, settings or code changed since it was made")
        return self.content_status(record, subject, verify=verify)

    def content_status(
        self, record: ArtifactRecord, subject: Subject, *, verify: bool = True
    ) -> Status:
        """Whether what a record lists is there, made from what is there now."""
        for upstream, digest in record.inputs.items():
            now = self.record(upstream, upstream_subject(upstream, subject))
            if now is None or now.digest != digest:
                return Status(State.STALE, f"{upstream} was made anew with another content")
        for name, digest in record.files.items():
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
        """Put a finished artifact in place: files first, the record, which makes it done, last."""
        kind, subject = staging.kind, staging.subject
        files = self._hashes(staging)
        record = record.model_copy(update={"files": files})
        record_path = self.root / kind.record_path(subject)
        sync_tree(staging.root)
        with exclusive(self.root / ".staging" / "locks" / f"{kind.name}.lock"):
            record_path.unlink(missing_ok=True)
            for file in kind.files:
                relative = kind.relative_path(file.key, subject)
                staged, target = staging.root / relative, self.root / relative
                if staged.exists():
                    move_whole(staged, target)
                elif target.exists():
                    _remove(target)
            write_whole(record_path, record.model_dump_json(indent=1) + "\n")
        return record

    def rewrite_record(self, subject: Subject, record: ArtifactRecord) -> None:
        """Replace the record of an artifact whose files stay as they are."""
        path = self.root / ARTIFACTS[record.asset].record_path(subject)
        write_whole(path, record.model_dump_json(indent=1) + "\n")

    def remove(self, asset: str, subject: Subject) -> None:
        """Delete an artifact: its record first, then its files."""
        kind = ARTIFACTS[asset]
        (self.root / kind.record_path(subject)).unlink(missing_ok=True)
        for file in kind.files:
            target = self.root / kind.relative_path(file.key, subject)
            if target.exists():
                _remove(target)

    def _hashes(self, staging: Staging) -> Mapping[str, str]:
        kind, subject = staging.kind, staging.subject
        hashes: dict[str, str] = {}
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
                    hashes[str(path.relative_to(staging.root))] = file_digest(path)
        return hashes


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
