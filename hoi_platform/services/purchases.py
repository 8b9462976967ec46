"""Checks whether a results folder holds purchases that the ledger does not know."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from hoi_platform.core.errors import MissingResourceError
from hoi_platform.core.formats.artifacts import VARIANTS
from hoi_platform.services.artifacts.record import RECORD_VERSION, ArtifactRecord
from hoi_platform.services.backends.registry import is_free

_PAID_STAGES: Final = ("video_task", "interaction_video")


def require_known_purchases(results_dir: Path, ledger_name: str, *, ledger_is_empty: bool) -> None:
    """Raises MissingResourceError where buying would buy again what this folder holds already."""
    records = list(_paid_records(results_dir))
    if old := [record for record in records if record.record_version != RECORD_VERSION]:
        raise MissingResourceError(
            f"{results_dir} holds paid videos of an earlier version ({old[0].subject}), whose "
            "purchases are not carried over yet; nothing is bought before `hoi migrate --apply`"
        )
    files = sorted((results_dir / "ledger" / "videos").glob("*.mp4"))
    if ledger_is_empty and (records or files):
        found = records[0].subject if records else files[0].name
        raise MissingResourceError(
            f"{results_dir} holds paid videos ({found}), and its ledger {ledger_name} lists none: "
            "buying would buy them again. Restore the ledger from a backup, set "
            "HOI_LEDGER_URL to where it is, or use another --results_dir"
        )


def _paid_records(results_dir: Path) -> Iterator[ArtifactRecord]:
    """Of videos in use and of those that are set aside."""
    generation = results_dir / "generation"
    trees = (generation, *sorted((generation / VARIANTS).glob("*")))
    for folder in (tree / "records" / stage for tree in trees for stage in _PAID_STAGES):
        for path in sorted(folder.rglob("*.json")):
            try:
                record = ArtifactRecord.model_validate_json(path.read_bytes())
            except ValidationError:
                continue  # an unreadable record counts as nothing that is done
            if not is_free("video", record.backend_name):
                yield record
