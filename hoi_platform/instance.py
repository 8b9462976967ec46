"""The project's Dagster instance: found or made once, before anything else starts.

Belongs here: DAGSTER_HOME. Does not: definitions, runs.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

import dagster as dg

from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.artifacts.files import exclusive, write_whole
from hoi_platform.services.native_log import without_printed

_MIGRATION_CHATTER: Final = ("Updating event log storage",)
"""What Dagster's SQLite storage prints whatever ``print_fn`` it is given."""

_EARLIER_VERSIONS: Final = frozenset(
    {"023d07e9918dee20964173c7c744f8a5314bbb2e1e3e92945c607c8d2c8e4312"}
)
"""SHA-256 of every dagster.yaml that earlier versions shipped."""


def prepare_home() -> Path:
    """Set DAGSTER_HOME (default ``.dagster_home`` in the project) and give it its dagster.yaml."""
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(PROJECT_ROOT / ".dagster_home")))
    home.mkdir(parents=True, exist_ok=True)
    source, target = PROJECT_ROOT / "dagster.yaml", home / "dagster.yaml"
    if source.exists() and (not target.exists() or _is_of_an_earlier_version(target)):
        write_whole(target, source.read_bytes())
    return home


def _is_of_an_earlier_version(copy: Path) -> bool:
    """Whether it is a copy of an earlier dagster.yaml that nobody has changed."""
    return hashlib.sha256(copy.read_bytes()).hexdigest() in _EARLIER_VERSIONS


def project_instance() -> dg.DagsterInstance:
    """The instance at DAGSTER_HOME, its storage created by one process at a time.

    Several first starts at once leave an empty SQLite instance with two migration heads, which
    nothing repairs.
    """
    home = prepare_home()
    with exclusive(home / ".first_start.lock"):
        instance = dg.DagsterInstance.get()
        marker = home / ".storage_ready"
        if not marker.exists():
            with without_printed(_MIGRATION_CHATTER):
                instance.upgrade(print_fn=lambda _text: None)
            marker.touch()
    return instance
