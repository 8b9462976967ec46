"""An OpenAI-compatible chat endpoint: one request, one completion or a typed error."""

from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hoi_platform.core.errors import AccountError, HoiError, RefusedError
from hoi_platform.services.secrets import redacted, register
from hoi_platform.services.video import http
from hoi_platform.services.video.remote import NotAcceptedError, UnknownOutcomeError

OPENAI: Final = "https://api.openai.com/v1"
_LONGEST_MESSAGE: Final = 300
_LONGEST_PAUSE_S: Final = 60.0
_MOST_TOKENS: Final = 100_000_000
_ACCOUNT_STATUS: Final = frozenset({401, 402, 403})
_ACCOUNT_CODES: Final = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "invalid_api_key", "account_deactivated"}
)
_STRUCTURE_WORDS: Final = ("response_format", "json_schema", "structured")


class BusyError(NotAcceptedError):
    """Too many requests: nothing was bought."""

    def __init__(self, message: str, pause_s: float) -> None:
        super().__init__(message)
        self.pause_s = pause_s
        """What the endpoint asks to wait, at most a minute."""


class NoStructureError(RefusedError):
    """The endpoint does not know structured output; nothing was bought."""


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Message(_Lenient):
    content: str | None = None
    refusal: str | None = None


class Choice(_Lenient):
    """The model's answer and why it ended."""

    message: _Message
    finish_reason: str | None = None


class Usage(_Lenient):
    """What is paid for."""

    prompt_tokens: int = Field(ge=0, le=_MOST_TOKENS)
    completion_tokens: int = Field(ge=0, le=_MOST_TOKENS)


class Completion(_Lenient):
    """A paid answer."""

    id: str = ""
    choices: list[Choice] = Field(min_length=1)
    usage: Any = None

    @property
    def tokens(self) -> Usage | None:
        """None where the endpoint counts nothing, or nonsense: the answer is good all the same."""
        try:
            return Usage.model_validate(self.usage)
        except ValidationError:
            return None


class _Problem(_Lenient):
    message: str = ""
    code: str | int | None = None


class _ErrorBody(_Lenient):
    error: _Problem | str = ""


@dataclass(frozen=True)
class ChatEndpoint:
    """Where questions are sent. ``transport`` replaces the network in tests."""

    base_url: str
    key: str = field(repr=False)
    transport: httpx.BaseTransport | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        register(self.key)

    def complete(self, body: dict[str, Any]) -> Completion:
        """Send one request.

        Raises BusyError and NotAcceptedError when nothing was bought, UnknownOutcomeError when
        something may have been, NoStructureError, AccountError and RefusedError for good.
        """
        # No redirect is followed: it would send prompt, picture and key to whoever it names.
        with httpx.Client(
            timeout=http.TIMEOUT, transport=self.transport, follow_redirects=False
        ) as client:
            request = client.build_request(
                "POST",
                f"{self.base_url}/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {self.key}"},
            )
            response = http.send(client, request)
        if not response.is_success:
            raise _error_of(response, structured="response_format" in body)
        return _completion(response)


def _completion(response: httpx.Response) -> Completion:
    try:
        return Completion.model_validate(http.json_object(response))
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, e["loc"])) for e in error.errors()[:5])
        raise UnknownOutcomeError(
            f"{response.url.host} answered something else than a completion (wrong: {fields})"
        ) from None


def _error_of(response: httpx.Response, *, structured: bool) -> HoiError:
    """A rate or a 5xx may pass; an empty account, a bad key or request will not."""
    status, problem = response.status_code, _problem_of(response)
    code = f" {problem.code}" if problem.code else ""
    text = redacted(f"HTTP {status}{code}: {problem.message}")[:_LONGEST_MESSAGE]
    if response.is_redirect:
        host = httpx.URL(response.headers.get("location", "")).host or "another path"
        return RefusedError(
            f"{response.url.host} redirects to {host} (HTTP {status}); prompts and pictures are "
            "not sent on. Set OPENAI_BASE_URL to the final address"
        )
    if status in _ACCOUNT_STATUS or problem.code in _ACCOUNT_CODES:
        return AccountError(text)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return BusyError(text, _pause_s(response))
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        return UnknownOutcomeError(text)
    if status == 400 and structured and any(w in text.lower() for w in _STRUCTURE_WORDS):
        return NoStructureError(text)
    return RefusedError(text)


def _problem_of(response: httpx.Response) -> _Problem:
    try:
        error = _ErrorBody.model_validate(http.json_object(response)).error
    except (UnknownOutcomeError, ValidationError):
        return _Problem(message=response.text)
    return error if isinstance(error, _Problem) else _Problem(message=error)


def _pause_s(response: httpx.Response) -> float:
    asked = response.headers.get("retry-after", "").strip()
    seconds = float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0.0
    return min(seconds, _LONGEST_PAUSE_S)
