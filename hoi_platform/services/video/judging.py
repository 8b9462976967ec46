"""A second look, by a person or by the checks, at a paid video in the ledger's folder."""

from pathlib import Path

from hoi_platform.core.clip import FirstTask, parse_clip_path
from hoi_platform.core.errors import BadInputError, MissingResourceError
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.clips import mark_for_recheck
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.delivery import Delivery, delivery_checks, read_rgb
from hoi_platform.services.video.identity import pixels_digest

_UNDECIDED = frozenset({RequestState.SUCCEEDED, RequestState.REJECTED})


def recheck(
    ledger: Ledger,
    row: RequestRow,
    delivery: Delivery,
    store: ArtifactStore,
    first_task: FirstTask,
) -> RequestRow:
    """Check a row's file again; one that passes is delivered and its clips continue.

    Raises BadInputError for a row that has nothing to check, MissingResourceError when what it is
    checked against is gone.
    """
    file = _file(row, delivery)
    if row.ordered is None:
        raise MissingResourceError(
            f"ledger row {row.id} is of an earlier version, which did not record what was ordered; "
            f"run its clip again, or `hoi ledger accept {row.id}`"
        )
    frame = _conditioning_frame(row, store)
    failed = [
        check.reason
        for check in delivery_checks(file, row.ordered, read_rgb(frame))
        if not check.passed
    ]
    return _continued(row, ledger.judge(row, file, failed), store, first_task)


def accept(
    ledger: Ledger,
    row: RequestRow,
    delivery: Delivery,
    store: ArtifactStore,
    first_task: FirstTask,
) -> RequestRow:
    """A person accepts the video as it is: it is delivered and its clips continue."""
    file = _file(row, delivery)
    known = {"result": str(file), "reason": f"accepted by hand; before: {row.state}: {row.reason}"}
    return _continued(
        row, ledger.advance_if(row, RequestState.DELIVERED, **known), store, first_task
    )


def _continued(
    before: RequestRow, row: RequestRow, store: ArtifactStore, first_task: FirstTask
) -> RequestRow:
    if row.state == RequestState.DELIVERED != before.state:
        for subject in row.subjects:
            mark_for_recheck(store, parse_clip_path(subject, first_task))
    return row


def _file(row: RequestRow, delivery: Delivery) -> Path:
    if row.kind != "video" or row.state not in _UNDECIDED:
        raise BadInputError(
            f"ledger row {row.id} is {row.state}; there is nothing to decide: only a finished "
            "video that is not delivered is checked or accepted"
        )
    if (file := delivery.located(row)) is None:
        raise BadInputError(
            f"the video of ledger row {row.id} is not in {delivery.folder}; fetch it with "
            f"`hoi ledger fetch {row.id}`"
        )
    return file


def _conditioning_frame(row: RequestRow, store: ArtifactStore) -> Path:
    """The frame with the pixels that were sent, among those of the row's clips."""
    assert row.ordered is not None
    template = ARTIFACTS["scene_render"].file("frame").template
    for subject in row.subjects:
        path = store.root / template.format(id=subject)
        if path.is_file() and pixels_digest(path) == row.ordered["frame"]:
            return path
    raise MissingResourceError(
        f"the frame that ledger row {row.id} was ordered with is not in {store.root}, so that its "
        f"video cannot be checked; look at it, then `hoi ledger accept {row.id}`"
    )
