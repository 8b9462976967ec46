"""Kling's legacy generation: the model in the body, JWT or API key."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.kling.client import KlingClient, bare_base64, checked_task
from hoi_platform.services.video.kling.errors import NOT_FOUND, KlingRefusedError
from hoi_platform.services.video.kling.limits import LEGACY, V1
from hoi_platform.services.video.pricing import UNIT_USD
from hoi_platform.services.video.remote import RemoteState, RemoteTask, TaskRef

_PATH: Final = "/v1/videos/image2video"
_STATES: Final[dict[str, RemoteState]] = {
    "submitted": "submitted",
    "processing": "processing",
    "succeed": "succeeded",
    "failed": "failed",
}
_CFG_SCALE: Final = 0.5
_SINGLE_QUERIES: Final = 3
"""Up to so many tasks are asked for one by one; more by pages of the list."""
_PAGE_SIZE: Final = 500
_MAX_PAGES: Final = 10


class LegacyKling(KlingClient):
    """``POST /v1/videos/image2video`` and its queries."""

    MODELS = LEGACY

    def create(self, request: VideoRequest, external_task_id: str) -> RemoteTask:
        body = create_body(request, external_task_id)
        if self.callback_url:
            body["callback_url"] = self.callback_url
        answer = self.transport.request("POST", _PATH, body=body)
        return _task(answer.get("data"), external_task_id)

    def find(self, ref: TaskRef) -> RemoteTask | None:
        try:
            answer = self.transport.request("GET", f"{_PATH}/{ref.external_task_id}")
        except KlingRefusedError as error:
            if error.code in NOT_FOUND:
                return None
            raise
        return _task(answer.get("data"), ref.external_task_id)

    def query(self, refs: Sequence[TaskRef]) -> list[RemoteTask]:
        listed = {} if len(refs) <= _SINGLE_QUERIES else self._listed(refs)
        left = (ref for ref in refs if ref.external_task_id not in listed)
        return [*listed.values(), *(task for ref in left if (task := self.find(ref)))]

    def _listed(self, refs: Sequence[TaskRef]) -> dict[str, RemoteTask]:
        wanted = {ref.external_task_id for ref in refs}
        found: dict[str, RemoteTask] = {}
        for page in self._pages():
            for item in page:
                external_id = _external_id(item)
                if external_id in wanted:
                    found[external_id] = _task(item, external_id)
            if found.keys() == wanted:
                break
        return found

    def _pages(self) -> Iterator[list[Mapping[str, Any]]]:
        for number in range(1, _MAX_PAGES + 1):
            params = {"pageNum": str(number), "pageSize": str(_PAGE_SIZE)}
            page = self.transport.request("GET", _PATH, params=params).get("data") or []
            yield page
            if len(page) < _PAGE_SIZE:
                return


def create_body(request: VideoRequest, external_task_id: str) -> dict[str, Any]:
    """The JSON of a create request."""
    config = request.config
    body: dict[str, Any] = {
        "model_name": config.kling_model_name,
        "image": bare_base64(request.frame),
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "mode": config.kling_mode,
        "duration": config.duration,
        "external_task_id": external_task_id,
    }
    if request.tail_frame is not None:
        body["image_tail"] = bare_base64(request.tail_frame)
    if config.kling_model_name in V1:
        body["cfg_scale"] = _CFG_SCALE  # later models refuse the field
    return body


def _external_id(data: Mapping[str, Any]) -> str | None:
    return (data.get("task_info") or {}).get("external_task_id")


def _task(data: Any, external_task_id: str | None) -> RemoteTask:
    """Raises UnknownOutcomeError when the answer is not a task."""
    data, state = checked_task(data, "task_id", "task_status", _STATES)
    videos = (data.get("task_result") or {}).get("videos") or [{}]
    return RemoteTask(
        task_id=str(data["task_id"]),
        external_task_id=_external_id(data) or external_task_id,
        state=state,
        message=str(data.get("task_status_msg") or ""),
        video_url=videos[0].get("url"),
        cost_usd=_cost(data.get("final_unit_deduction")),
        answer=data,
    )


def _cost(units: Any) -> Decimal | None:
    if units in (None, ""):
        return None
    try:
        return Decimal(str(units)) * UNIT_USD
    except InvalidOperation:
        return None
