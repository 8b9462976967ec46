"""What both generations of Kling's API have in common."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.kling.limits import check_request
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.pricing import video_price_usd
from hoi_platform.services.video.remote import RemoteState, UnknownOutcomeError


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

    def model(self, request: VideoRequest) -> str:
        return request.config.kling_model_name

    def validate(self, request: VideoRequest) -> None:
        check_request(request, self.MODELS)

    def estimate_usd(self, request: VideoRequest) -> Decimal:
        config = request.config
        return video_price_usd(config.kling_model_name, config.kling_mode, float(config.duration))

    def download(self, url: str, target: Path) -> None:
        self.transport.download(url, target)


def bare_base64(path: Path) -> str:
    """A file as base64 without the ``data:`` prefix that Kling refuses."""
    return base64.b64encode(path.read_bytes()).decode()


def checked_task(
    data: Any, id_key: str, status_key: str, states: Mapping[str, RemoteState]
) -> tuple[dict[str, Any], RemoteState]:
    """A task's object and state. Raises UnknownOutcomeError when the answer is not a task."""
    if not isinstance(data, dict) or not data.get(id_key):
        raise UnknownOutcomeError("Kling's answer names no task")
    status = str(data.get(status_key))
    if status not in states:
        raise UnknownOutcomeError(f"Kling reports the unknown task status {status[:40]!r}")
    return data, states[status]
