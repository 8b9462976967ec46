"""An OpenAI-compatible chat endpoint: sizes of objects, refined prompts, refusals, token counts."""

import base64
import binascii
import io
import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, Literal

from PIL import Image

from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.messages import Call, Reply, json_reply
from hoi_platform.services.fake_apis.tasks import Clock

Size = Literal["small", "big", "correct"]
Eye = Callable[[bytes], Size | None]
"""What a picture shows; None when it is not one that the stand-in knows."""

CHAT_KEY: Final = "fake-openai-key"
_PATH: Final = "/v1/chat/completions"
_VERDICTS: Final[dict[Size, str]] = {
    "small": "too_small",
    "big": "too_big",
    "correct": "correct",
}
_TOKENS_PER_IMAGE: Final = 765
"""What OpenAI counts for a picture of 1024x1024 px in high detail (gpt-4o)."""
_UNKNOWN_PICTURES: Final[tuple[Size, ...]] = ("small", "big", "correct")
"""Answers about pictures that nobody knows, in this order per object."""

# Fault of the plan → status, code, message; "policy" and "safety" are refusals in a 200.
_ERRORS: Final[dict[str, tuple[int, str, str]]] = {
    "auth_failed": (401, "invalid_api_key", "Incorrect API key provided"),
    "account_exception": (403, "account_deactivated", "The account is deactivated"),
    "arrears": (429, "insufficient_quota", "You exceeded your current quota"),
    "pack_used_up": (429, "insufficient_quota", "You exceeded your current quota"),
    "no_right": (403, "model_not_allowed", "No access to this model"),
    "bad_parameter": (400, "invalid_request_error", "Invalid value"),
    "no_such_model": (404, "model_not_found", "The model does not exist"),
    "ip_whitelist": (403, "ip_not_authorized", "Your IP is not authorized"),
}


class FakeChat:
    """``POST /v1/chat/completions``; ``structured`` endpoints honor ``response_format``."""

    def __init__(
        self,
        clock: Clock,
        plan: FaultPlan | None = None,
        *,
        key: str = CHAT_KEY,
        eye: Eye = lambda _image: None,
        structured: bool = True,
    ) -> None:
        self.plan = plan or FaultPlan()
        self.calls: list[Call] = []
        self._clock = clock
        self._key = key
        self._eye = eye
        self._structured = structured
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def handle(self, call: Call) -> Reply:
        self.calls.append(call)
        if (header := call.headers.get("authorization")) != f"Bearer {self._key}":
            return _error(401, "invalid_api_key", f"Incorrect API key provided: {header}")
        if (call.method, call.path) != ("POST", _PATH):
            return _error(404, "not_found", f"Unknown request URL: {call.method} {call.path}")
        fault = self.plan.permanent_fault()
        if fault in _ERRORS:
            return _error(*_ERRORS[fault])
        body = call.json()
        if problem := self._problem(body):
            return _error(400, "invalid_request_error", problem)
        return self._completion(body, refused=fault is not None)

    def _problem(self, body: dict[str, Any]) -> str:
        if not body.get("model") or not body.get("messages"):
            return "model and messages are required"
        if "response_format" in body and not self._structured:
            return "Unsupported parameter: response_format"
        try:
            for image in images_of(body):
                with Image.open(io.BytesIO(image)) as opened:
                    opened.verify()
        except (OSError, ValueError, binascii.Error):
            return "image_url is not an image in base64"
        return ""

    def _completion(self, body: dict[str, Any], *, refused: bool) -> Reply:
        text = None if refused else self._answer(body)
        message = {"role": "assistant", "content": text, "refusal": "policy" if refused else None}
        tokens_in = len(_text_of(body)) // 4 + _TOKENS_PER_IMAGE * len(images_of(body))
        tokens_out = len(text or "") // 4 + 1
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}
        return json_reply(
            {
                "id": f"chatcmpl-fake{len(self.calls)}",
                "object": "chat.completion",
                "created": int(self._clock().timestamp()),
                "model": body["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {**usage, "total_tokens": tokens_in + tokens_out},
            }
        )

    def _answer(self, body: dict[str, Any]) -> str:
        text = _text_of(body)
        wanted = "prompt" if "Base prompt:" in text else "verdict"
        answer = (
            refined(text) if wanted == "prompt" else _VERDICTS[self._size(text, images_of(body))]
        )
        return json.dumps({wanted: answer})

    def _size(self, text: str, images: list[bytes]) -> Size:
        seen = self._eye(images[0]) if images else None
        if seen is not None:
            return seen
        with self._lock:
            asked = self._asked[text]
            self._asked[text] += 1
        return _UNKNOWN_PICTURES[min(asked, len(_UNKNOWN_PICTURES) - 1)]


def images_of(body: dict[str, Any]) -> list[bytes]:
    """The pictures in a request, as bytes. Raises ValueError on other addresses than data:."""
    urls = [part["image_url"]["url"] for part in _parts(body) if part.get("type") == "image_url"]
    images = []
    for url in urls:
        head, comma, data = url.partition(";base64,")
        if not comma or not head.startswith("data:image/"):
            raise ValueError("not a data address")
        images.append(base64.b64decode(data, validate=True))
    return images


def refined(text: str) -> str:
    """A refinement as the system message asks for it."""
    base = text.partition("Base prompt:")[2].strip() or text
    action = base.split(". ")[0].rstrip(". ")
    return f"{action}; the fingers close around it before it moves. The camera remains static."


def _parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    contents = [m.get("content") for m in body["messages"] if m.get("role") == "user"]
    return [part for content in contents if isinstance(content, list) for part in content]


def _text_of(body: dict[str, Any]) -> str:
    texts = [part["text"] for part in _parts(body) if part.get("type") == "text"]
    plain = [m["content"] for m in body["messages"] if isinstance(m.get("content"), str)]
    return "\n".join([*plain, *texts])


def _error(status: int, code: str, message: str) -> Reply:
    return json_reply({"error": {"message": message, "type": code, "code": code}}, status)
