"""Which rows of the ledger get today's identity."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.errors import HoiError
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.backends.registry import is_free
from hoi_platform.services.ledger.carrying import Carried, carry_over
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.migration.first_identity import bought_rows
from hoi_platform.services.migration.first_questions import (
    Today,
    asked_refinement,
    asked_scale,
    carried_refinement,
    carried_scale,
)
from hoi_platform.services.video.delivery import Delivery


@dataclass
class Found:
    """Rows of version 1, and what was bought without a row that is found."""

    rows: list[Carried] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def note(
        self,
        subject: ClipId | ObjectId,
        record: ArtifactRecord,
        rows: Iterator[Carried],
        lost: str,
    ) -> None:
        """Add the rows of what a record was made with; ``lost`` says what follows without any."""
        try:
            found = list(rows)
        except (OSError, HoiError, ValidationError, ValueError, KeyError) as error:
            self.problems.append(f"{subject}: its request cannot be read: {error}")
            return
        if not found and record.record_version == 1:
            self.problems.append(f"{subject}: {lost}")
        self.rows += found


@dataclass(frozen=True)
class RowsPlan:
    """What happens to the ledger."""

    carried: tuple[Carried, ...]
    """Rows that get the identity beside them."""
    shared: tuple[Carried, ...]
    """Rows whose request of today is another row's already, which their clip then shares."""
    problems: tuple[str, ...]


def bought_videos(
    ledger: Ledger, store: ArtifactStore, delivery: Delivery, clips: Iterable[ClipId]
) -> Found:
    """The rows of the clips' videos."""
    found = Found()
    lost = (
        "no row of the ledger was bought with the frame and the prompt of this folder; if they "
        "change, its video is another purchase"
    )
    for clip in clips:
        record = store.record("video_task", clip)
        if record is None or is_free("video", record.backend_name):
            continue
        found.note(clip, record, bought_rows(ledger, store, delivery, clip, record), lost)
    return found


def answered_questions(
    ledger: Ledger, store: ArtifactStore, subjects: Iterable[ClipId | ObjectId], today: Today
) -> Found:
    """The rows of what the vision model was asked about clips and objects."""
    found = Found()
    lost = (
        "the ledger has no row of what the vision model was asked about it; it may be asked again"
    )
    for subject in subjects:
        if isinstance(subject, ClipId):
            record = store.record("video_prompt", subject)
            if record is not None and asked_refinement(record):
                rows = carried_refinement(ledger, store, subject, record, today)
                found.note(subject, record, rows, lost)
        else:
            record = store.record("object_scale", subject)
            if record is not None and asked_scale(record):
                found.note(subject, record, carried_scale(ledger, store, subject, record), lost)
    return found


def plan_rows(ledger: Ledger, *found: Found) -> RowsPlan:
    """Nothing is changed."""
    rows = [row for one in found for row in one.rows]
    # Of what was bought alike, the row with a result keeps the purchase.
    rows.sort(key=lambda one: (one.row.state != RequestState.DELIVERED, one.row.id))
    carried: dict[str, Carried] = {}
    shared = []
    for one in rows:
        holder = ledger.find(one.fingerprint)
        if one.fingerprint in carried or holder is not None:
            if holder is None or not {*one.row.subjects} <= {*holder.subjects}:
                shared.append(one)
        else:
            carried[one.fingerprint] = one
    problems = tuple(problem for one in found for problem in one.problems)
    return RowsPlan(tuple(carried.values()), tuple(shared), problems)


def apply_rows(ledger: Ledger, plan: RowsPlan) -> None:
    """Safe to repeat after an interruption."""
    carry_over(ledger, plan.carried)
    for one in plan.shared:
        row = ledger.find(one.fingerprint)
        assert row is not None
        for subject in one.row.subjects:
            ledger.claim(row, subject)
