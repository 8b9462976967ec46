"""Kling's error codes, each with what it means for a request that was just sent."""

from typing import Final, Literal

import httpx

from hoi_platform.core.errors import HoiError, RefusedError
from hoi_platform.services.video.remote import NotAcceptedError, UnknownOutcomeError

Treatment = Literal["refused", "not_accepted", "unknown", "sign_again"]

# Code → (treatment, meaning and cure). 429 alone says nothing: 1102 is an empty account.
CODES: Final[dict[int, tuple[Treatment, str]]] = {
    1000: ("refused", "authentication failed; check the keys"),
    1001: ("refused", "the authorization header is empty; check the keys"),
    1002: ("refused", "the authorization is invalid; a new-generation model needs KLING_API_KEY"),
    1003: ("sign_again", "the token is not valid yet; check this machine's clock"),
    1004: ("sign_again", "the token has expired; check this machine's clock"),
    1100: ("refused", "the account has a problem; see its console"),
    1101: ("refused", "the account is in arrears; top it up"),
    1102: ("refused", "the resource pack is used up; buy another"),
    1103: ("refused", "the account has no right to this API or model"),
    1200: ("refused", "a parameter is invalid"),
    1201: ("refused", "a parameter is invalid"),
    1202: ("refused", "the method is wrong: this client and the API differ"),
    1203: ("refused", "no such resource or model; check kling_model_name"),
    1300: ("refused", "the platform's policy forbids the request"),
    1301: ("refused", "the content safety system refused the image or the prompt; change it"),
    1302: ("not_accepted", "too many requests per second"),
    1303: ("not_accepted", "the account's concurrent tasks are all in use"),
    1304: ("refused", "this address is not on the account's IP whitelist"),
    5000: ("unknown", "internal error of the service"),
    5001: ("unknown", "the service is in maintenance"),
    5002: ("unknown", "internal time-out of the service"),
}

NOT_FOUND: Final = frozenset({1201, 1203})
"""What a query for an id that does not exist is answered with (the legacy host says 400/1201)."""


class KlingRefusedError(RefusedError):
    """A permanent answer; ``code`` is Kling's, None where it gave none."""

    def __init__(self, message: str, code: int | None) -> None:
        super().__init__(message)
        self.code = code


def code_of(response: httpx.Response) -> int | None:
    """The answer's own error code, if it has one."""
    try:
        body = response.json()
    except ValueError:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None


def needs_new_signature(response: httpx.Response) -> bool:
    """Whether the token was too old or too new, which a new one may mend."""
    known = CODES.get(code_of(response) or -1)
    return known is not None and known[0] == "sign_again"


def error_of(response: httpx.Response) -> HoiError | None:
    """The error that an answer is; None when it is none.

    Without a known code: a 4xx is permanent but for a bare 429 and a 408, everything else may
    have created a task.
    """
    code = code_of(response)
    if response.status_code == httpx.codes.OK and code in (0, None):
        return None
    treatment, meaning = CODES.get(code or -1, (_by_status(response.status_code), "unknown code"))
    text = f"Kling {response.status_code}/{code}: {meaning}{_said(response)}"
    if treatment == "not_accepted":
        return NotAcceptedError(text)
    if treatment == "unknown":
        return UnknownOutcomeError(text)
    return KlingRefusedError(text, code)  # also after it was signed again once


def _by_status(status: int) -> Treatment:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return "not_accepted"
    permanent = 300 <= status < 500 and status != httpx.codes.REQUEST_TIMEOUT
    return "refused" if permanent else "unknown"


def _said(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    message = body.get("message") if isinstance(body, dict) else None
    return f" ({str(message)[:300]})" if message else ""
