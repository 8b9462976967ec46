"""Finds the variant that today's configuration asks for while another one has its place."""

from typing import TYPE_CHECKING

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS, upstream_subject
from hoi_platform.services.artifacts.record import RECORD_VERSION, ArtifactRecord, variant_name
from hoi_platform.services.artifacts.store import State

if TYPE_CHECKING:
    from hoi_platform.services.artifacts.stages import Stages


def set_aside(
    stages: "Stages", name: str, subject: ObjectId | ClipId, *, verify: bool = True
) -> ArtifactRecord | None:
    """The record of the variant of today's backend, if it can be used without making anything."""
    if not ARTIFACTS[name].variants:
        return None
    backend = stages.stages[name].backend(stages.context(subject).settings)
    record = stages.store.record(name, subject, variant_name(backend))
    if record is None or record.record_version != RECORD_VERSION:
        return None
    if record.fingerprint != stages.fingerprint(name, subject):
        return None
    whole = stages.store.files_status(record, record.variant, verify=verify).done
    return record if whole and _reads_what_will_stand(stages, record, subject) else None


def _reads_what_will_stand(
    stages: "Stages", record: ArtifactRecord, subject: ObjectId | ClipId
) -> bool:
    """Whether a variant was made from what its inputs are after the next run."""
    for asset, digest in record.inputs.items():
        above = upstream_subject(asset, subject)
        assert above is not None
        aside = stages.status(asset, above, verify=False).state is State.SET_ASIDE
        found = set_aside(stages, asset, above, verify=False) if aside else None
        found = found or stages.store.record(asset, above)
        if found is None or found.digest != digest:
            return False
    return True
