"""Chat endpoints that are played: answers from a list, requests kept."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.models.endpoint import ChatEndpoint
from hoi_platform.services.models.vision_model import VisionModel

KEY = "sk-marked-secret-value"
Handler = Callable[[httpx.Request], httpx.Response]


def completion(text: str | None, refusal: str | None = None, **changed: Any) -> dict[str, Any]:
    """The JSON of a completion."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }
    return body | changed


def answered(text: str | None, refusal: str | None = None, **changed: Any) -> httpx.Response:
    """A completion as it arrives."""
    return httpx.Response(200, json=completion(text, refusal, **changed))


def refused(status: int, code: str = "", message: str = "no") -> httpx.Response:
    """An error as it arrives."""
    return httpx.Response(status, json={"error": {"message": message, "code": code}})


class Endpoint:
    """Answers from a list, the last one forever; keeps the requests."""

    def __init__(self, *answers: httpx.Response | BaseException) -> None:
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []
        self.hosts: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(json.loads(request.content))
        self.hosts.append(request.url.host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        # A response is read once; the last one is given again and again.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def model_at(
    endpoint: Handler, ledger: Ledger, waits: list[float] | None = None, model: str = "gpt-4o"
) -> VisionModel:
    """A model whose network is ``endpoint``."""
    played = ChatEndpoint("http://stand-in.invalid/v1", KEY, httpx.MockTransport(endpoint))
    return VisionModel(played, model, ledger, sleep=([] if waits is None else waits).append)
