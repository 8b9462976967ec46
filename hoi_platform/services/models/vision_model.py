"""A vision-language model behind an OpenAI-compatible endpoint; every call stands in the ledger."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.errors import HoiError, RefusedError, TransientError
from hoi_platform.services.artifacts.record import file_digest, fingerprint_of
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.models.pricing import estimate_usd, price_usd

S = RequestState

_CUT_OFF: Final = ("length", "content_filter")
"""Why an answer ended before its end: half a sentence is not taken for one."""


@dataclass(frozen=True)
class Question:
    """One call: instructions, text, images, and the JSON schema of the answer if it has one."""

    subject: str
    """The clip or object that it is about."""
    system: str
    text: str
    images: tuple[Path, ...] = ()
    schema: dict[str, Any] | None = None
    temperature: float = 0.0
    max_tokens: int = 500
    attempt: int = 0
    """Raised to ask the same again."""

    def fingerprint(self, model: str) -> str:
        """Identity of the call."""
        images = [file_digest(image) for image in self.images]
        parts = [model, self.system, self.text, images, self.schema, self.temperature]
        return fingerprint_of([*parts, self.max_tokens, self.attempt, self.subject])


class VisionModel:
    """Asks questions; the same question is paid for once and answered from the ledger after."""

    def __init__(
        self,
        client: Any,
        model: str,
        ledger: Ledger,
        sleep: Callable[[float], None],
        account: str = "openai",
        attempts: int = 4,
    ) -> None:
        self.model = model
        self._client = client
        self._ledger = ledger
        self._sleep = sleep
        self._account = account
        self._attempts = attempts

    def ask(self, question: Question) -> str:
        """The model's answer; empty when it refused or was cut off.

        Raises RefusedError, BudgetError or TransientError.
        """
        fingerprint = question.fingerprint(self.model)
        self._ledger.reserve(self._intent(question, fingerprint))
        reason = ""
        for attempt in range(self._attempts):
            if attempt:
                self._sleep(2.0**attempt)
            self._ledger.expire_leases()
            row = self._ledger.get(fingerprint)
            if row.state == S.DELIVERED and row.result is not None:
                return row.result
            if row.state in (S.REFUSED, S.FAILED):
                raise RefusedError(f"{question.subject}: {self.model} refused: {row.reason}")
            if row.state == S.DOUBTFUL:
                # A lost answer cannot be looked up; asking again costs cents and is counted.
                row = self._ledger.advance(fingerprint, S.RESERVED, reason="asked again")
            if self._ledger.begin_sending(row) is None:
                reason = f"another process is asking (ledger row {row.id})"
                continue
            try:
                return self._send(question, fingerprint)
            except TransientError as error:
                reason = str(error)
        raise TransientError(
            f"{question.subject}: {self.model} gave no answer in {self._attempts} attempts: "
            f"{reason}"
        )

    def _send(self, question: Question, fingerprint: str) -> str:
        import openai

        try:
            answer = self._completion(question)
        except openai.APIStatusError as error:
            raise self._note(fingerprint, *_status_error(error)) from None
        except (openai.APIError, ValueError) as error:  # no connection, no answer, no JSON
            lost = TransientError(f"no answer: {str(error)[:300]}")
            raise self._note(fingerprint, S.DOUBTFUL, lost) from None
        choice, usage = answer.choices[0], answer.usage
        refusal = getattr(choice.message, "refusal", None)
        text = "" if refusal or choice.finish_reason in _CUT_OFF else choice.message.content or ""
        tokens_in, tokens_out = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
        self._ledger.advance(
            fingerprint,
            S.SUCCEEDED,
            task_id=answer.id,
            tokens=tokens_in + tokens_out,
            cost_usd=price_usd(self.model, tokens_in, tokens_out),
            answer={"finish_reason": choice.finish_reason, "refusal": refusal},
        )
        self._ledger.advance(fingerprint, S.DELIVERED, result=text)
        return text

    def _completion(self, question: Question) -> Any:
        """Structured where the endpoint has it. Raises ValueError on what is no completion."""
        import openai

        request = _request(self.model, question)
        try:
            answer = self._client.chat.completions.create(**request)
        except openai.BadRequestError as error:
            if "response_format" not in request or not _lacks_structure(error):
                raise
            del request["response_format"]
            answer = self._client.chat.completions.create(**request)
        if not getattr(answer, "choices", None):
            raise ValueError("the endpoint answered something else than a completion")
        return answer

    def _note(self, fingerprint: str, state: RequestState, error: HoiError) -> HoiError:
        text = str(error).replace(self._client.api_key, "(removed)")  # endpoints quote it
        self._ledger.advance(fingerprint, state, reason=text)
        error.args = (text,)
        return error

    def _estimate_usd(self, question: Question) -> Decimal:
        characters = len(question.system) + len(question.text)
        return estimate_usd(self.model, characters, len(question.images), question.max_tokens)

    def _intent(self, question: Question, fingerprint: str) -> Intent:
        return Intent(
            fingerprint=fingerprint,
            kind="vision",
            provider="openai",
            account=self._account,
            model=self.model,
            subject=question.subject,
            estimate_usd=self._estimate_usd(question),
            attempt=question.attempt,
        )


def _request(model: str, question: Question) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": question.text}]
    content += [
        {"type": "image_url", "image_url": {"url": _data_url(image)}} for image in question.images
    ]
    request: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": question.system},
            {"role": "user", "content": content},
        ],
        "temperature": question.temperature,
        "max_tokens": question.max_tokens,
    }
    if question.schema is not None:
        schema = {"name": "answer", "strict": True, "schema": question.schema}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    return request


def _data_url(image: Path) -> str:
    kind = "jpeg" if image.suffix.lower() in (".jpg", ".jpeg") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(image.read_bytes()).decode()}"


def _lacks_structure(error: Any) -> bool:
    """Whether a 400 means that the endpoint knows no structured output; nothing was paid."""
    said = str(error.message).lower()
    return any(word in said for word in ("response_format", "json_schema", "structured"))


def _status_error(error: Any) -> tuple[RequestState, HoiError]:
    """429 by rate and 5xx may pass; an empty account, a bad key or request will not."""
    status, code = error.status_code, getattr(error, "code", None)
    text = f"HTTP {status}{f' {code}' if code else ''}: {error.message}"
    if status == 429 and code != "insufficient_quota":
        return S.RESERVED, TransientError(text)
    if status >= 500:
        return S.DOUBTFUL, TransientError(text)
    return S.REFUSED, RefusedError(text)
