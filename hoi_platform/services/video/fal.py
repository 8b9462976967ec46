"""Kling's models behind fal's queue API: submit, status, result.

fal gives its own request id in its answer and cannot be asked for an id of ours. A request whose
answer is lost therefore stays doubtful: it may have been bought, and only a person who looks into
fal's console can tell. It is never sent again by itself.
"""

import base64
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx

from hoi_platform.core.errors import BadInputError, HoiError, RefusedError
from hoi_platform.services.video import http
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.kling.limits import common_problems
from hoi_platform.services.video.pricing import video_price_usd
from hoi_platform.services.video.remote import (
    NotAcceptedError,
    RemoteTask,
    TaskRef,
    UnknownOutcomeError,
)

_APP: Final = "fal-ai/kling-video"
# (model, mode) → path below the app.
_PATHS: Final[dict[tuple[str, str], str]] = {
    ("kling-v1", "std"): "v1/standard",
    ("kling-v1-5", "pro"): "v1.5/pro",
    ("kling-v1-6", "std"): "v1.6/standard",
    ("kling-v1-6", "pro"): "v1.6/pro",
    ("kling-v2-master", "pro"): "v2/master",
    ("kling-v2-1", "std"): "v2.1/standard",
    ("kling-v2-1", "pro"): "v2.1/pro",
    ("kling-v2-1-master", "pro"): "v2.1/master",
    ("kling-v2-5-turbo", "std"): "v2.5-turbo/standard",
    ("kling-v2-5-turbo", "pro"): "v2.5-turbo/pro",
    ("kling-v2-6", "pro"): "v2.6/pro",
    ("kling-v3", "std"): "v3/standard",
    ("kling-v3", "pro"): "v3/pro",
}
_TAKES_TAIL: Final = frozenset({"v1.6/pro", "v2.1/pro", "v2.5-turbo/pro"})


@dataclass(frozen=True)
class FalKling:
    """One account at fal. ``transport`` replaces the network in tests."""

    base_url: str
    key: str = field(repr=False)
    account: str
    transport: httpx.BaseTransport | None = field(default=None, repr=False)
    name: str = "fal-ai"
    knows_our_ids: bool = False

    def model(self, request: VideoRequest) -> str:
        config = request.config
        path = _PATHS.get((config.kling_model_name, config.kling_mode))
        if path is None:
            known = ", ".join(f"{model} {mode}" for model, mode in _PATHS)
            raise BadInputError(
                f"kling_model_name {config.kling_model_name!r} with kling_mode "
                f"{config.kling_mode!r} is not at fal; known: {known}"
            )
        return f"{_APP}/{path}/image-to-video"

    def validate(self, request: VideoRequest) -> None:
        if problems := list(self._problems(request)):
            raise BadInputError(f"{request.clip}: not sent to fal: " + "; ".join(problems))

    def estimate_usd(self, request: VideoRequest) -> Decimal:
        config = request.config
        return video_price_usd(config.kling_model_name, config.kling_mode, float(config.duration))

    def create(self, request: VideoRequest, external_task_id: str) -> RemoteTask:
        answer = self._send("POST", self.model(request), body=create_body(request))
        if not answer.get("request_id"):
            raise UnknownOutcomeError("fal's answer names no request")
        return RemoteTask(str(answer["request_id"]), external_task_id, "submitted", answer=answer)

    def find(self, ref: TaskRef) -> RemoteTask | None:
        if ref.task_id is None:
            raise UnknownOutcomeError("fal cannot be asked for a request without its own id")
        path = f"{_APP}/requests/{ref.task_id}"
        try:
            status = self._send("GET", f"{path}/status").get("status")
        except FalRefusedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise
        if status == "IN_QUEUE":
            return RemoteTask(ref.task_id, ref.external_task_id, "submitted")
        if status == "IN_PROGRESS":
            return RemoteTask(ref.task_id, ref.external_task_id, "processing")
        if status != "COMPLETED":
            raise UnknownOutcomeError(f"fal reports the unknown status {str(status)[:40]!r}")
        return self._result(ref, ref.task_id, path)

    def query(self, refs: Sequence[TaskRef]) -> list[RemoteTask]:
        return [task for ref in refs if (task := self.find(ref)) is not None]

    def download(self, url: str, target: Path) -> None:
        http.download(http.files_client(self.transport), url, target)

    def _result(self, ref: TaskRef, task_id: str, path: str) -> RemoteTask:
        try:
            answer = self._send("GET", path)
        except FalRefusedError as error:
            if error.status != httpx.codes.UNPROCESSABLE_ENTITY:
                raise
            return RemoteTask(task_id, ref.external_task_id, "failed", str(error))
        video = answer.get("video") or {}
        return RemoteTask(
            task_id, ref.external_task_id, "succeeded", "", video.get("url"), answer=answer
        )

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Key {self.key}"}
        with httpx.Client(timeout=http.TIMEOUT, transport=self.transport) as client:
            request = client.build_request(
                method, f"{self.base_url}/{path}", json=body, headers=headers
            )
            response = http.send(client, request)
        if (error := _error_of(response)) is not None:
            raise http.without_key(error, request)
        return http.json_object(response)

    def _problems(self, request: VideoRequest) -> Iterator[str]:
        model = self.model(request)
        yield from common_problems(request)
        path = model.removeprefix(f"{_APP}/").removesuffix("/image-to-video")
        if request.tail_frame is not None and path not in _TAKES_TAIL:
            yield f"a tail image is given, {model} takes none"


class FalRefusedError(RefusedError):
    """A permanent answer with its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def create_body(request: VideoRequest) -> dict[str, Any]:
    """The JSON of a submission; images travel as data addresses."""
    body = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "image_url": _data_url(request.frame),
        "duration": request.config.duration,
    }
    if request.tail_frame is not None:
        body["tail_image_url"] = _data_url(request.tail_frame)
    return body


def _data_url(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "image/png"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _error_of(response: httpx.Response) -> HoiError | None:
    status = response.status_code
    if 200 <= status < 300:
        return None
    text = f"fal {status}: {response.text[:300]}"
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return NotAcceptedError(text)
    if 300 <= status < 500 and status != httpx.codes.REQUEST_TIMEOUT:
        return FalRefusedError(text, status)  # 403 is also an empty balance
    return UnknownOutcomeError(text)
