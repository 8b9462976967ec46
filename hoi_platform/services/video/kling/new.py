"""Kling's generation of mid-2026: the model in the path, API key only."""

import contextlib
from collections.abc import Sequence
from typing import Any, Final

from hoi_platform.core.errors import HoiError
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.kling.answers import external_id_in, new_task
from hoi_platform.services.video.kling.client import KlingClient, bare_base64
from hoi_platform.services.video.kling.limits import NEW
from hoi_platform.services.video.remote import RemoteTask, TaskRef, UnknownOutcomeError

_RESOLUTION: Final = {"std": "720p", "pro": "1080p"}
_BATCH: Final = 50
"""Tasks of one query; chosen below a URL's usual limits."""


class NewKling(KlingClient):
    """``POST /image-to-video/<model>`` and ``GET /tasks``."""

    MODELS = NEW

    def create(self, request: VideoRequest, external_task_id: str) -> RemoteTask:
        body = create_body(request, external_task_id)
        if self.callback_url:
            body["options"]["callback_url"] = self.callback_url
        path = f"/image-to-video/{request.config.kling_model_name}"
        return new_task(self.transport.request("POST", path, body=body).data, external_task_id)

    def find(self, ref: TaskRef) -> RemoteTask | None:
        items = self._items([ref])
        found = [item for item in items if external_id_in(item) in (None, ref.external_task_id)]
        return new_task(found[0], ref.external_task_id) if found else None

    def _listed(self, refs: Sequence[TaskRef]) -> dict[str, RemoteTask]:
        wanted = {ref.external_task_id for ref in refs}
        found: dict[str, RemoteTask] = {}
        for start in range(0, len(refs), _BATCH) if len(refs) > 1 else ():
            items: list[Any] = []
            with contextlib.suppress(HoiError):  # what was not listed is queried one by one
                items = self._items(refs[start : start + _BATCH])
            for item in items:
                external_id = external_id_in(item)
                if external_id in wanted:
                    with contextlib.suppress(HoiError):
                        found[external_id] = new_task(item, external_id)
        return found

    def _items(self, refs: Sequence[TaskRef]) -> list[Any]:
        ids = ",".join(ref.external_task_id for ref in refs)
        answer = self.transport.request("GET", "/tasks", params={"external_task_ids": ids})
        if not isinstance(answer.data, list):
            raise UnknownOutcomeError("Kling answered without a list of tasks")
        return answer.data


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
