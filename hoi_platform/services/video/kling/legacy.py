"""Kling's legacy generation: the model in the body, JWT or API key."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hoi_platform.core.errors import HoiError
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.kling.answers import external_id_in, legacy_task
from hoi_platform.services.video.kling.client import KlingClient, bare_base64
from hoi_platform.services.video.kling.errors import NOT_FOUND
from hoi_platform.services.video.kling.limits import LEGACY, V1
from hoi_platform.services.video.remote import RemoteTask, TaskRef

_PATH: Final = "/v1/videos/image2video"
_CFG_SCALE: Final = 0.5
"""Guidance scale of models before v2: Kling's default."""
_SINGLE_QUERIES: Final = 3
"""Up to so many tasks are queried one by one, more by pages of the list; chosen."""
_PAGE_SIZE: Final = 500
"""Tasks of a page: the most that Kling returns."""
_MAX_PAGES: Final = 10
"""Pages that are searched for tasks; chosen."""


class LegacyKling(KlingClient):
    """``POST /v1/videos/image2video`` and its queries."""

    MODELS = LEGACY

    def create(self, request: VideoRequest, external_task_id: str) -> RemoteTask:
        body = create_body(request, external_task_id)
        if self.callback_url:
            body["callback_url"] = self.callback_url
        answer = self.transport.request("POST", _PATH, body=body)
        return legacy_task(answer.data, external_task_id)

    def find(self, ref: TaskRef) -> RemoteTask | None:
        path = f"{_PATH}/{ref.external_task_id}"
        answer = self.transport.query(path, absent=NOT_FOUND)
        return None if answer is None else legacy_task(answer.data, ref.external_task_id)

    def _listed(self, refs: Sequence[TaskRef]) -> dict[str, RemoteTask]:
        if len(refs) <= _SINGLE_QUERIES:
            return {}
        wanted = {ref.external_task_id for ref in refs}
        found: dict[str, RemoteTask] = {}
        with contextlib.suppress(HoiError):  # what was not listed is queried one by one
            for page in self._pages():
                found |= _readable(page, wanted)
                if found.keys() == wanted:
                    break
        return found

    def _pages(self) -> Iterator[list[Any]]:
        for number in range(1, _MAX_PAGES + 1):
            params = {"pageNum": str(number), "pageSize": str(_PAGE_SIZE)}
            page = self.transport.request("GET", _PATH, params=params).data
            if not isinstance(page, list):
                return
            yield page
            if len(page) < _PAGE_SIZE:
                return


def _readable(page: list[Any], wanted: set[str]) -> dict[str, RemoteTask]:
    """The tasks on a page that can be read."""
    found = {}
    for item in page:
        external_id = external_id_in(item)
        if external_id in wanted:
            with contextlib.suppress(HoiError):
                found[external_id] = legacy_task(item, external_id)
    return found


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
