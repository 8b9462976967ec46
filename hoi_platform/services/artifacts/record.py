"""The JSON record beside every artifact: what it was made from, by what, and its hashes."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from hoi_platform.core.licensing import UNKNOWN, License
from hoi_platform.services.artifacts.file_state import FileState, file_state

RECORD_VERSION: Final = 4
_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")


class ArtifactRecord(BaseModel):
    """Identity and provenance of one artifact of one partition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record_version: Literal[1, 2, 3, 4] = 4
    """1 to 3 are what earlier versions wrote; ``hoi migrate`` carries them over."""
    asset: str
    subject: str
    schema_version: int
    fingerprint: str
    """Hash of everything the result depends on: code, settings, fingerprints of its inputs."""
    code_version: str
    backend: str
    """The configured backend's name, then what ran there: ``kling-ai kling-v2-6``; of several
    roles ``background, plate``."""
    settings: dict[str, Any]
    inputs: dict[str, str]
    """Upstream asset → digest of the files that were read."""
    files: dict[str, str]
    """File, relative to the results folder → SHA-256."""
    seed: int | None = None
    seconds: float
    peak_memory_mb: float | None = None
    """Peak resident memory of the process and its children while it was made (10^6 bytes)."""
    created_at: str
    machine: str
    migrated_from: dict[str, Any] | None = None
    """What an earlier version's record said of its identity, if ``hoi migrate`` carried it over."""
    facts: dict[str, Any] = {}
    """Figures worth keeping (counts, scores, costs) with their unit in the name."""
    licenses: tuple[License, ...] | None = None
    """Terms of all that it was made from, its inputs included; None: made before they were kept."""

    @property
    def backend_name(self) -> str:
        """The backend as the configuration names it, without the model, device or peer that ran."""
        return backend_name(self.backend)

    @property
    def variant(self) -> str:
        """Which of an artifact's variants it is, where its kind has variants."""
        return variant_name(self.backend)

    @property
    def digest(self) -> str:
        """The identity of its content."""
        return fingerprint_of(self.files)

    @property
    def known_licenses(self) -> tuple[License, ...]:
        """``licenses``; where there are none, one that is unknown, hence not for commercial use."""
        if self.licenses is None:
            return (License(part=self.asset, name=UNKNOWN, commercial_ok=False),)
        return self.licenses


def backend_name(backend: str) -> str:
    """The first name in what the configuration asks for, or in what ran."""
    return backend.partition(" ")[0].rstrip(",")


def variant_name(backend: str) -> str:
    """The folder in which the results of a configured backend are kept."""
    return _NO_NAME.sub("-", backend_name(backend))


def fingerprint_of(value: Any) -> str:
    """SHA-256 of the canonical JSON of plain data."""
    return digest_of_text(canonical(value))


def canonical(value: Any) -> str:
    """The canonical JSON of plain data: sorted keys, no spaces, ASCII."""
    return _CANONICAL.encode(value)


def digest_of_text(text: str) -> str:
    """SHA-256 of an ASCII text."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


MOST_REMEMBERED: Final = 100_000
"""Files whose digests a process remembers; chosen: some 50 MB."""
_DIGESTS: Final[dict[Path, tuple[FileState, str]]] = {}
"""The files that this process has read, or written: their states then, and their digests."""


def unchanged_file_digest(path: Path) -> str:
    """``file_digest``, computed once per process unless the file is touched."""
    state = file_state(path.stat())
    held = _DIGESTS.get(path)
    if held is None or held[0] != state:
        if len(_DIGESTS) >= MOST_REMEMBERED:
            _DIGESTS.clear()
        held = _DIGESTS[path] = state, file_digest(path)
    return held[1]


def remember_digest(path: Path, digest: str, written: FileState) -> None:
    """Spare reading a file that was put at ``path`` after it had been hashed in state ``written``.

    A rename changes nothing but the time of the inode's change.
    """
    state = file_state(path.stat())
    if state[:3] == written[:3]:
        _DIGESTS[path] = state, digest
