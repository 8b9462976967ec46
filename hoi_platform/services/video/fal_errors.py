"""fal's errors, each with what it means for a request that was just sent, and its cure."""

from dataclasses import dataclass
from typing import Final

import httpx
from pydantic import ValidationError

from hoi_platform.core.errors import HoiError
from hoi_platform.services.secrets import excerpt
from hoi_platform.services.video import http
from hoi_platform.services.video.error_category import (
    ErrorCategory,
    category_of_status,
    error_in,
)
from hoi_platform.services.video.fal_answers import Failure
from hoi_platform.services.video.remote import UnknownOutcomeError


@dataclass(frozen=True)
class Code:
    """One documented HTTP status or error type."""

    category: ErrorCategory
    cure: str


# Status → category and cure, where fal gives no type. "User is locked" (403) is an empty balance.
STATUSES: Final[dict[int, Code]] = {
    400: Code("refused", "compare the request with the model's schema at fal"),
    401: Code("account", "check FAL_KEY against fal's dashboard (Keys); it is id:secret"),
    402: Code("account", "add a payment method in fal's dashboard (Billing)"),
    403: Code("account", "top up the balance in fal's dashboard (Billing), or give the key rights"),
    404: Code("refused", "fal no longer offers this model: choose another kling_model_name"),
    405: Code("refused", "this client and the API differ: check FAL_BASE_URL"),
    413: Code("refused", "the request is too large: render a smaller conditioning frame"),
    422: Code("refused", "change the field that the message names"),
    429: Code("not_accepted", "it is sent again automatically later; lower video.concurrency"),
}

# Type → category and cure: of models (a list in ``detail``) and of fal's own machinery.
TYPES: Final[dict[str, Code]] = {
    "content_policy_violation": Code("refused", "reword the prompt or render another frame"),
    "no_media_generated": Code("refused", "describe the motion more plainly in the prompt"),
    "image_too_small": Code("refused", "raise the resolution of the conditioning frame"),
    "image_too_large": Code("refused", "lower the resolution of the conditioning frame"),
    "image_load_error": Code("refused", "render the conditioning frame again: it cannot be read"),
    "file_too_large": Code("refused", "store the conditioning frame in fewer bytes"),
    "file_download_error": Code("refused", "fal could not load the frame: send it once more"),
    "unsupported_image_format": Code("refused", "give the frame as PNG or JPEG"),
    "bad_request": Code("refused", "this client and the model differ: update the platform"),
    "request_timeout": Code("unknown", "it did not start in time: order it again when fal is idle"),
    "startup_timeout": Code("unknown", "no machine started in time: order it again later"),
    "runner_scheduling_failure": Code("unknown", "fal has no machine free: order it again later"),
    "runner_connection_timeout": Code("unknown", "fal's machine did not answer: order it again"),
    "runner_connection_refused": Code("unknown", "fal's machine was not ready: order it again"),
    "runner_connection_error": Code("unknown", "fal lost touch with its machine: order it again"),
    "runner_disconnected": Code("unknown", "fal's machine was lost at work: order it again"),
    "runner_incomplete_response": Code("unknown", "fal's machine broke off: order it again"),
    "runner_server_error": Code("unknown", "the model crashed: order it again, or another model"),
    "client_cancelled": Code("unknown", "somebody canceled it in fal's console: order it again"),
    "client_disconnected": Code("unknown", "the connection broke: see fal's console"),
    "internal_error": Code("unknown", "fal failed: see status.fal.ai before ordering it again"),
    "internal_server_error": Code("unknown", "the model failed: see its page at fal, order again"),
    "generation_timeout": Code("unknown", "the model took too long: a shorter duration may work"),
    "downstream_service_error": Code("unknown", "Kling refused behind fal: reword or order again"),
    "downstream_service_unavailable": Code("unknown", "Kling is down behind fal: wait for it"),
}

_CALLERS: Final = frozenset({401, 402, 403, 404, 405, 408, 413, 425, 429})
"""HTTP statuses of a query for a result that are about the query, not about the model's work."""


@dataclass(frozen=True)
class Refusal:
    """An answer that is not a success; ``failure`` is None when the body is not fal's."""

    status: int
    failure: Failure | None
    retry_after_s: float | None

    @property
    def known(self) -> Code | None:
        """What is documented of it."""
        if self.failure is None:
            return None
        return TYPES.get(self.failure.code or "") or STATUSES.get(self.status)

    @property
    def text(self) -> str:
        if self.failure is None:
            return f"fal {self.status}: an answer that is not fal's JSON"
        cure = f"; {self.known.cure}" if self.known else ""
        name = f" {self.failure.code}" if self.failure.code else ""
        return f"fal {self.status}{name}: {excerpt(self.failure.text)}{cure}"

    @property
    def is_models(self) -> bool:
        """Whether it reports, in place of a result, that the model or its machine failed."""
        at_fault = 400 <= self.status <= 504 and self.status not in _CALLERS
        return at_fault and self.failure is not None


def refusal_in(response: httpx.Response) -> Refusal | None:
    """None in a success."""
    if 200 <= response.status_code < 300:
        return None
    try:
        failure = Failure.model_validate(http.json_object(response))
    except (UnknownOutcomeError, ValidationError):
        failure = None
    return Refusal(response.status_code, failure, http.retry_after_s(response))


def error_of(refusal: Refusal) -> HoiError:
    """The error that a refusal is for a request that was just sent, or for asking."""
    category = refusal.known.category if refusal.known else category_of_status(refusal.status)
    return error_in(category, refusal.text, refusal.retry_after_s)
