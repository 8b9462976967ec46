"""Kling's generation of mid-2026: the model in the path, API key only."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.kling.client import KlingClient, bare_base64, checked_task
from hoi_platform.services.video.kling.limits import NEW
from hoi_platform.services.video.pricing import UNIT_USD
from hoi_platform.services.video.remote import RemoteState, RemoteTask, TaskRef

_STATES: Final[dict[str, RemoteState]] = {
    "submitted": "submitted",
    "processing": "processing",
    "succeeded": "succeeded",
    "failed": "failed",
}
_RESOLUTION: Final = {"std": "720p", "pro": "1080p"}
_BATCH: Final = 50


class NewKling(KlingClient):
    """``POST /image-to-video/<model>`` and ``GET /tasks``."""

    MODELS = NEW

    def create(self, request: VideoRequest, external_task_id: str) -> RemoteTask:
        body = create_body(request, external_task_id)
        if self.callback_url:
            body["options"]["callback_url"] = self.callback_url
        path = f"/image-to-video/{request.config.kling_model_name}"
        return _task(self.transport.request("POST", path, body=body).get("data"), external_task_id)

    def find(self, ref: TaskRef) -> RemoteTask | None:
        found = self.query([ref])
        return found[0] if found else None

    def query(self, refs: Sequence[TaskRef]) -> list[RemoteTask]:
        tasks: list[RemoteTask] = []
        for start in range(0, len(refs), _BATCH):
            ids = [ref.external_task_id for ref in refs[start : start + _BATCH]]
            params = {"external_task_ids": ",".join(ids)}
            data = self.transport.request("GET", "/tasks", params=params).get("data") or []
            tasks += [_task(item, ids[0] if len(ids) == 1 else None) for item in data]
        return tasks


def create_body(request: VideoRequest, external_task_id: str) -> dict[str, Any]:
    """The JSON of a create request; what to avoid is part of the prompt in this generation."""
    contents = [
        {"type": "prompt", "text": full_prompt(request)},
        {"type": "first_frame", "url": bare_base64(request.frame)},
    ]
    if request.tail_frame is not None:
        contents.append({"type": "last_frame", "url": bare_base64(request.tail_frame)})
    return {
        "contents": contents,
        "settings": {
            "resolution": _RESOLUTION[request.config.kling_mode],
            "duration": int(request.config.duration),
        },
        "options": {"external_task_id": external_task_id},
    }


def full_prompt(request: VideoRequest) -> str:
    """Prompt and negative prompt in one text."""
    avoid = f" Avoid: {request.negative_prompt}." if request.negative_prompt else ""
    return request.prompt + avoid


def _task(data: Any, external_task_id: str | None) -> RemoteTask:
    """Raises UnknownOutcomeError when the answer is not a task."""
    data, state = checked_task(data, "id", "status", _STATES)
    videos = [item for item in data.get("outputs") or [] if item.get("type", "video") == "video"]
    return RemoteTask(
        task_id=str(data["id"]),
        external_task_id=data.get("external_task_id") or external_task_id,
        state=state,
        message=str(data.get("message") or ""),
        video_url=videos[0].get("url") if videos else None,
        cost_usd=_cost(data.get("billing") or []),
        answer=data,
    )


def _cost(billing: Sequence[dict[str, Any]]) -> Decimal | None:
    """Sum of the deductions: ``cash`` is USD, ``unit`` units of a resource pack."""
    try:
        amounts = [
            Decimal(str(item["amount"])) * (UNIT_USD if item["charge_type"] == "unit" else 1)
            for item in billing
        ]
    except (KeyError, InvalidOperation):
        return None
    return sum(amounts, Decimal(0)) if amounts else None
