"""A question to a vision model: what is sent, and its identity."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hoi_platform.services.artifacts.pixels import pixels_digest
from hoi_platform.services.artifacts.record import fingerprint_of
from hoi_platform.services.models.structured import (
    StructuredAnswer,
    instruction,
    response_format,
)

_IDENTITY: Final = 2
"""Raised when what identifies a question changes; ledger rows of 1 digested picture files. Chosen
by counting."""


@dataclass(frozen=True)
class Question:
    """One call: instructions, text, pictures, and the form of the answer if it has one."""

    subject: str
    """The clip or object that it is about: in the ledger and in errors, never sent."""
    system: str
    text: str
    images: tuple[Path, ...] = ()
    answer: type[StructuredAnswer] | None = None
    temperature: float = 0.0
    max_tokens: int = 500
    attempt: int = 0
    """Increased to ask the same question again."""

    def fingerprint(self, model: str) -> str:
        """Hash of everything that is sent, pictures by their pixels, and of the attempt.

        Equal questions about two clips are one purchase.
        """
        request = self._request(model, [pixels_digest(image) for image in self.images])
        return fingerprint_of(
            {"kind": "vision", "identity": _IDENTITY, "attempt": self.attempt, "request": request}
        )

    def request(self, model: str, *, structured: bool) -> dict[str, Any]:
        """The body of the call; endpoints without structured output get the form in words."""
        request = self._request(model, [_data_url(image) for image in self.images])
        if not structured:
            request.pop("response_format", None)
        return request

    @property
    def characters(self) -> int:
        """Of text, for estimates."""
        return len(self._instructions) + len(self.text)

    @property
    def _instructions(self) -> str:
        return self.system if self.answer is None else f"{self.system}\n{instruction(self.answer)}"

    def _request(self, model: str, urls: list[str]) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": self.text}]
        content += [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        request: dict[str, Any] = {
            "model": model,
            "messages": [
                {"role": "system", "content": self._instructions},
                {"role": "user", "content": content},
            ],
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
        }
        if self.answer is not None:
            request["response_format"] = response_format(self.answer)
        return request


def _data_url(image: Path) -> str:
    kind = "jpeg" if image.suffix.lower() in (".jpg", ".jpeg") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(image.read_bytes()).decode()}"
