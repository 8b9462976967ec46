"""What both generations of Kling's API have in common."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.batch import ask_each
from hoi_platform.services.video.kling.limits import check_request
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.pricing import video_price_usd
from hoi_platform.services.video.remote import RemoteTask, Report, TaskRef


@dataclass(frozen=True)
class KlingClient:
    """One account; a subclass speaks one generation's language."""

    MODELS: ClassVar[tuple[str, ...]]

    transport: KlingTransport
    account: str
    callback_url: str | None = None
    """Where Kling posts each change of a task's state; None for nowhere."""
    name: str = "kling-ai"
    knows_our_ids: bool = True
    keeps_videos_for: timedelta = timedelta(days=30)

    def model(self, request: VideoRequest) -> str:
        return request.config.kling_model_name

    def validate(self, request: VideoRequest) -> None:
        check_request(request, self.MODELS)

    def estimate_usd(self, request: VideoRequest) -> Decimal:
        config = request.config
        return video_price_usd(config.kling_model_name, config.kling_mode, float(config.duration))

    def find(self, ref: TaskRef) -> RemoteTask | None:
        raise NotImplementedError

    def query(self, refs: Sequence[TaskRef]) -> Iterator[Report]:
        """A batch first; what it did not return, or returned unreadable, is queried
        individually."""
        listed = self._listed(refs)
        yield from listed.values()
        yield from ask_each(
            "Kling", [ref for ref in refs if ref.external_task_id not in listed], self.find
        )

    def _listed(self, refs: Sequence[TaskRef]) -> dict[str, RemoteTask]:
        """Tasks by our id, as far as a batch returns them; raises no HoiError."""
        raise NotImplementedError

    def download(self, url: str, target: Path) -> None:
        self.transport.download(url, target)


def bare_base64(path: Path) -> str:
    """A file as base64 without the ``data:`` prefix that Kling refuses."""
    return base64.b64encode(path.read_bytes()).decode()
