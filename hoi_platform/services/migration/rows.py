"""Which rows of the ledger get today's identity."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.gen_2dhoi import FREE_VIDEO
from hoi_platform.core.errors import HoiError
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.migration.first_identity import (
    Carried,
    carried_rows,
    first_request,
)
from hoi_platform.services.video.delivery import Delivery


@dataclass(frozen=True)
class RowsPlan:
    """What becomes of the ledger."""

    carried: tuple[Carried, ...]
    """Rows that get the identity beside them."""
    shared: tuple[Carried, ...]
    """Rows whose request of today is another row's already, which their clip then shares."""
    problems: tuple[str, ...]


def plan_rows(
    ledger: Ledger, store: ArtifactStore, delivery: Delivery, clips: Iterable[ClipId]
) -> RowsPlan:
    """Nothing is changed."""
    problems: list[str] = []
    found = list(_found(ledger, store, delivery, clips, problems))
    # Of clips that were bought alike, the one with a video keeps the purchase.
    found.sort(key=lambda one: (one.row.state != RequestState.DELIVERED, one.row.id))
    carried: dict[str, Carried] = {}
    shared = []
    for one in found:
        if one.fingerprint in carried or ledger.find(one.fingerprint) is not None:
            shared.append(one)
        else:
            carried[one.fingerprint] = one
    return RowsPlan(tuple(carried.values()), tuple(shared), tuple(problems))


def apply_rows(ledger: Ledger, plan: RowsPlan) -> None:
    """Safe to be repeated after an interruption."""
    for one in plan.carried:
        ledger.carry_over(one.row, one.fingerprint, one.ordered)
    for one in plan.shared:
        row = ledger.find(one.fingerprint)
        assert row is not None
        for subject in one.row.subjects:
            ledger.claim(row, subject)


def _found(
    ledger: Ledger,
    store: ArtifactStore,
    delivery: Delivery,
    clips: Iterable[ClipId],
    problems: list[str],
) -> Iterator[Carried]:
    for clip in clips:
        record = store.record("video_task", clip)
        if record is None or record.backend_name in FREE_VIDEO:
            continue
        try:
            request = first_request(store, clip, record)
            found = list(carried_rows(ledger, delivery, request))
        except (OSError, HoiError, ValidationError) as error:
            problems.append(f"{clip}: its request cannot be read: {error}")
            continue
        if not found and record.record_version == 1:
            problems.append(
                f"{clip}: no row of the ledger was bought with the frame and the prompt that lie "
                "here; if they change, its video is another purchase"
            )
        yield from found
