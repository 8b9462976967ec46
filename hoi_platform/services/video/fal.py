"""Kling's models behind fal's queue API: submit, status, result.

fal gives its own request id in its answer and cannot be queried by an id of ours. A request whose
answer is lost therefore stays doubtful: it may have been bought, and only fal's console shows
whether it was. It is never sent again automatically; fal starts it within ``START_TIMEOUT_S`` or
never, so that it does not hold one of our slots forever.

Addresses of status and result come from fal's answers, as its documentation demands, if they
are on the configured host; the key is sent nowhere else.
"""

import base64
import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from hoi_platform.core.errors import BadInputError
from hoi_platform.services.secrets import excerpt
from hoi_platform.services.video import http
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.batch import ask_each
from hoi_platform.services.video.fal_answers import Queued, Result, Status, parsed, path_on_host
from hoi_platform.services.video.fal_errors import Refusal, error_of, refusal_in
from hoi_platform.services.video.kling.limits import common_problems
from hoi_platform.services.video.pricing import video_price_usd
from hoi_platform.services.video.remote import (
    RemoteState,
    RemoteTask,
    Report,
    TaskRef,
    UnknownOutcomeError,
    of_a_question,
)

START_TIMEOUT_S: Final = 3600
"""When fal ends a request that none of its machines has started (s): fal answers 504. Chosen; sent
with the request."""
_BELIEVED_AFTER: Final = 5
"""Polls that must agree before a video is given up; chosen: a 5xx in place of a result may be the
model's failure or a short outage of fal."""
# Keys of ours in the answer that a row keeps.
_FAILURES: Final = "hoi_failures"
_STATUS: Final = "hoi_status_path"
_RESULT: Final = "hoi_response_path"
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
_WAITING: Final[dict[str, RemoteState]] = {"IN_QUEUE": "submitted", "IN_PROGRESS": "processing"}


@dataclass(frozen=True)
class FalKling:
    """One account at fal. ``transport`` replaces the network in tests."""

    base_url: str
    key: str = field(repr=False)
    account: str
    transport: httpx.BaseTransport | None = field(default=None, repr=False)
    name: str = "fal-ai"
    knows_our_ids: bool = False
    keeps_videos_for: timedelta = timedelta(hours=1)

    def model(self, request: VideoRequest) -> str:
        config = request.config
        path = _PATHS.get((config.kling_model_name, config.kling_mode))
        if path is None:
            known = ", ".join(f"{model} {mode}" for model, mode in _PATHS)
            raise BadInputError(
                f"kling_model_name {config.kling_model_name!r} with kling_mode "
                f"{config.kling_mode!r} is not offered by fal; known: {known}"
            )
        return f"{_APP}/{path}/image-to-video"

    def validate(self, request: VideoRequest) -> None:
        if problems := list(self._problems(request)):
            raise BadInputError(f"{request.clip}: not sent to fal: " + "; ".join(problems))

    def estimate_usd(self, request: VideoRequest) -> Decimal:
        config = request.config
        return video_price_usd(config.kling_model_name, config.kling_mode, float(config.duration))

    def create(self, request: VideoRequest, external_task_id: str) -> RemoteTask:
        url = f"{self.base_url}/{self.model(request)}"
        answer = self._asked("POST", url, create_body(request))
        if isinstance(answer, Refusal):
            raise error_of(answer)
        queued = parsed(Queued, answer)
        kept = answer | self._paths(queued)
        return RemoteTask(queued.request_id, external_task_id, "submitted", answer=kept)

    def find(self, ref: TaskRef) -> RemoteTask | None:
        if ref.task_id is None:
            raise UnknownOutcomeError("fal cannot be queried for a request without its own id")
        answer = self._asked("GET", self._address(ref, _STATUS))
        if isinstance(answer, Refusal):
            if answer.status == httpx.codes.NOT_FOUND and answer.failure is not None:
                return None
            raise of_a_question(error_of(answer))
        status, kept = parsed(Status, answer), {**ref.answer, **answer}
        if status.status == "COMPLETED":
            return self._result(ref, ref.task_id, status, kept)
        state = _WAITING.get(status.status, "unknown")
        said = f"fal reports the unknown status {excerpt(status.status, 40)!r}"
        message = said if state == "unknown" else ""
        return RemoteTask(ref.task_id, ref.external_task_id, state, message, answer=kept)

    def query(self, refs: Sequence[TaskRef]) -> Iterator[Report]:
        return ask_each("fal", refs, self.find)

    def download(self, url: str, target: Path) -> None:
        http.download(http.files_client(self.transport), url, target)

    def _result(
        self, ref: TaskRef, task_id: str, status: Status, kept: dict[str, Any]
    ) -> RemoteTask:
        """The video, or the error of the model in its place."""
        answer = self._asked("GET", self._address(ref, _RESULT))
        if not isinstance(answer, Refusal):
            url = parsed(Result, answer).video.url
            kept |= answer
            return RemoteTask(task_id, ref.external_task_id, "succeeded", "", url, answer=kept)
        if not answer.is_models:
            raise of_a_question(error_of(answer))
        said = _agreeing_failures(ref) + 1
        final = answer.status < 500 or status.error or status.error_type
        if final or said >= _BELIEVED_AFTER:
            return RemoteTask(task_id, ref.external_task_id, "failed", answer.text, answer=kept)
        kept[_FAILURES] = said
        text = f"{answer.text} (believed after {_BELIEVED_AFTER} equal answers; {said} so far)"
        return RemoteTask(task_id, ref.external_task_id, "processing", text, answer=kept)

    def _paths(self, queued: Queued) -> dict[str, str]:
        """The address that fal gave for the request's status, kept in the row's answer."""
        given = {_STATUS: queued.status_url, _RESULT: queued.response_url}
        paths = {name: path_on_host(self.base_url, address) for name, address in given.items()}
        return {name: path for name, path in paths.items() if path}

    def _address(self, ref: TaskRef, name: str) -> str:
        """Where the request is queried; by its id alone where fal gave no usable address."""
        if isinstance(path := ref.answer.get(name), str):
            parts = urlsplit(self.base_url)
            return f"{parts.scheme}://{parts.netloc}{path}"
        address = f"{self.base_url}/{_APP}/requests/{quote(ref.task_id or '', safe='')}"
        return f"{address}/status" if name == _STATUS else address

    def _asked(
        self, method: str, url: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any] | Refusal:
        headers = {
            "Authorization": f"Key {self.key}",
            "X-Fal-Request-Timeout": str(START_TIMEOUT_S),
        }
        with httpx.Client(timeout=http.TIMEOUT, transport=self.transport) as client:
            request = client.build_request(method, url, json=body, headers=headers)
            response = http.send(client, request)
        return refusal_in(response) or http.json_object(response)

    def _problems(self, request: VideoRequest) -> Iterator[str]:
        model = self.model(request)
        yield from common_problems(request)
        path = model.removeprefix(f"{_APP}/").removesuffix("/image-to-video")
        if request.tail_frame is not None and path not in _TAKES_TAIL:
            yield f"a tail image is given, {model} accepts none"


def _agreeing_failures(ref: TaskRef) -> int:
    """How often a 5xx was answered in place of the result, by the row's last answer."""
    said = ref.answer.get(_FAILURES)
    return said if isinstance(said, int) else 0


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
