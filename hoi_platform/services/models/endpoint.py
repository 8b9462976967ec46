"""An OpenAI-compatible chat endpoint: one request, one completion or a typed error."""

from dataclasses import dataclass, field
from typing import Any, Final, cast

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hoi_platform.core.errors import AccountError, HoiError, RefusedError
from hoi_platform.services.models.error_codes import cure_of
from hoi_platform.services.secrets import excerpt, register
from hoi_platform.services.video import http
from hoi_platform.services.video.remote import NotAcceptedError, UnknownOutcomeError

OPENAI: Final = "https://api.openai.com/v1"
_MOST_TOKENS: Final = 100_000_000
"""Tokens of a call beyond which a count is not believed; chosen."""
_ACCOUNT_STATUS: Final = frozenset({401, 402, 403})
"""HTTP statuses that are about the account, not about the request."""
_ACCOUNT_CODES: Final = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "invalid_api_key", "account_deactivated"}
)
_STRUCTURE_WORDS: Final = ("response_format", "json_schema", "structured")


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
        """None where the endpoint reports no plausible count: the answer is usable all the same."""
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

    def complete(self, body: dict[str, Any], limit_s: float = http.ATTEMPT_S) -> Completion:
        """Send one request and wait up to ``limit_s`` for its whole answer.

        Raises NotAcceptedError when nothing was bought, UnknownOutcomeError when something may
        have been, NoStructureError, AccountError and RefusedError for good.
        """
        response = self._exchanged(body, limit_s)
        if not response.is_success:
            raise _error_of(response, structured="response_format" in body)
        return _completion(response)

    def _exchanged(self, body: dict[str, Any], limit_s: float) -> httpx.Response:
        """The answer as it arrived; what the client would parse is parsed by our models alone."""
        import openai

        # No redirect is followed: it would send prompt, picture and key to the host that it names.
        inner = httpx.Client(timeout=http.TIMEOUT, transport=self.transport, follow_redirects=False)
        bounded = http.BoundedTransport(inner, limit_s)
        with httpx.Client(transport=bounded, follow_redirects=False) as outer:
            client = openai.OpenAI(
                api_key=self.key,
                base_url=self.base_url,
                http_client=cast(Any, outer),  # its annotations know httpx2 alone
                max_retries=0,  # the ledger decides whether a question is asked again
                timeout=cast(Any, http.TIMEOUT),
            )
            try:
                raw = client.chat.completions.with_raw_response.create(**body)
                return cast(httpx.Response, raw.http_response)
            except openai.APIStatusError as error:
                return cast(httpx.Response, error.response)
            except openai.APIConnectionError as error:
                raise error.__cause__ or error from None


def _completion(response: httpx.Response) -> Completion:
    try:
        return Completion.model_validate(http.json_object(response))
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, e["loc"])) for e in error.errors()[:5])
        raise UnknownOutcomeError(
            f"{response.url.host} did not answer with a completion (wrong: {fields})"
        ) from None


def _error_of(response: httpx.Response, *, structured: bool) -> HoiError:
    """A rate or a 5xx may pass; an empty account, a bad key or request will not."""
    status, problem = response.status_code, _problem_of(response)
    code = f" {problem.code}" if problem.code else ""
    said = excerpt(f"HTTP {status}{code}: {problem.message}")
    cure = cure_of(status, problem.code)
    text = f"{said}; {cure}" if cure else said
    if response.is_redirect:
        host = httpx.URL(response.headers.get("location", "")).host or "another path"
        return RefusedError(
            f"{response.url.host} redirects to {host} (HTTP {status}); prompts and pictures are "
            "not sent on. Set OPENAI_BASE_URL to the final address"
        )
    if status in _ACCOUNT_STATUS or problem.code in _ACCOUNT_CODES:
        return AccountError(text)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return NotAcceptedError(text, http.retry_after_s(response))
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        return UnknownOutcomeError(text)
    if status == 400 and structured and any(w in said.lower() for w in _STRUCTURE_WORDS):
        return NoStructureError(text)
    return RefusedError(text)


def _problem_of(response: httpx.Response) -> _Problem:
    try:
        error = _ErrorBody.model_validate(http.json_object(response)).error
    except (UnknownOutcomeError, ValidationError):
        return _Problem(message=response.text)
    return error if isinstance(error, _Problem) else _Problem(message=error)
