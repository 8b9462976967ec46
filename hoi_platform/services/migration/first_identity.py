"""How version 1 identified a video request: by files and names, not by content."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.errors import BadInputError
from hoi_platform.services.artifacts.record import ArtifactRecord, file_digest, fingerprint_of
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.ledger.carrying import Carried
from hoi_platform.services.ledger.intent import next_attempt
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.migration.folders import first_path
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.delivery import Delivery
from hoi_platform.services.video.identity import ordered, request_identity
from hoi_platform.services.video.montage import segment_of, write_last_frame

_MOST_TAKES = 16
"""Takes that are looked for; chosen larger than a configuration names today, because it may have
named more before."""


def first_request(store: ArtifactStore, clip: ClipId, record: ArtifactRecord) -> VideoRequest:
    """The request that a clip's video was ordered with; its fingerprint is version 1's."""
    settings = {k: v for k, v in record.settings.items() if k in VideoConfig.model_fields}
    config = VideoConfig.model_validate(settings | {"model_api": record.backend_name})
    frame = store.path("scene_render", "frame", clip)
    prompt = store.path("video_prompt", "text", clip).read_text().strip()
    identity = [
        file_digest(frame),
        prompt,
        config.model_api,
        config.kling_model_name,
        config.duration,
        config.kling_mode,
        first_path(clip),
    ]
    return VideoRequest(str(clip), fingerprint_of(identity), frame, prompt, config)


def bought_rows(
    ledger: Ledger, store: ArtifactStore, delivery: Delivery, clip: ClipId, record: ArtifactRecord
) -> Iterator[Carried]:
    """The rows of a clip's video."""
    yield from carried_rows(ledger, delivery, first_request(store, clip, record))


def carried_rows(ledger: Ledger, delivery: Delivery, request: VideoRequest) -> Iterator[Carried]:
    """The rows of a clip's purchases: every take, segment and attempt that the ledger has.

    ``request`` is what ``first_request`` gives.
    """
    today = replace(request, fingerprint=request_identity(request))
    for take in range(max(_MOST_TAKES, request.config.num_videos)):
        with tempfile.TemporaryDirectory() as scratch:
            yield from _of_take(ledger, delivery, request, today, take, Path(scratch))


def _of_take(
    ledger: Ledger,
    delivery: Delivery,
    request: VideoRequest,
    today: VideoRequest,
    take: int,
    scratch: Path,
) -> Iterator[Carried]:
    frame = request.frame
    for index in range(request.config.num_video_segments):
        segment = segment_of(today, take, index, frame)
        tail = segment.tail_frame is not None
        first = request.fingerprint
        if take or index or tail:
            first = fingerprint_of([first, take, index, tail, file_digest(frame)])
        attempts = list(_attempts(ledger, first, segment))
        yield from attempts
        frame = scratch / f"{index}.png"
        if not attempts or not _next_frame(delivery, attempts[-1].row, segment, frame):
            return


def _attempts(ledger: Ledger, first: str, segment: VideoRequest) -> Iterator[Carried]:
    fingerprint = segment.fingerprint
    while (row := ledger.find(first)) is not None:
        yield Carried(row, fingerprint, ordered(segment))
        first, fingerprint = next_attempt(first), next_attempt(fingerprint)


def _next_frame(delivery: Delivery, row: RequestRow, segment: VideoRequest, target: Path) -> bool:
    """Write the frame with which the following segment began; False where the video is not here."""
    file, part = delivery.located(row), target.with_suffix(".mp4")
    if file is None:
        return False
    try:
        delivery.put(file, segment, part)
        write_last_frame(target, part)
    except BadInputError:
        return False
    return True
