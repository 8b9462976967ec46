"""Kling's error codes, each with what it means for a request that was just sent, and its cure."""

from dataclasses import dataclass
from typing import Final

import httpx

from hoi_platform.core.errors import HoiError
from hoi_platform.services.secrets import excerpt
from hoi_platform.services.video import http
from hoi_platform.services.video.error_category import (
    ErrorCategory,
    category_of_status,
    error_in,
)
from hoi_platform.services.video.kling.answers import Envelope
from hoi_platform.services.video.remote import UnknownOutcomeError


@dataclass(frozen=True)
class Code:
    """One documented error code."""

    category: ErrorCategory
    meaning: str
    cure: str


# 429 alone says nothing: 1102 is an empty account. What a second task with one external id is
# answered with is not documented; as a bad parameter it would be 1200 or 1201.
CODES: Final[dict[int, Code]] = {
    1000: Code(
        "account",
        "authentication failed",
        "check KLING_ACCESS_KEY and KLING_SECRET_KEY, or KLING_API_KEY, against Kling's console",
    ),
    1001: Code(
        "account",
        "the authorization header is empty",
        "a proxy may remove it: set KLING_BASE_URL to Kling's own host",
    ),
    1002: Code(
        "account",
        "the authorization is invalid",
        "models of the new generation need KLING_API_KEY, a key pair is not accepted there",
    ),
    1003: Code(
        "token_lifetime",
        "the token is not valid yet",
        "this machine's clock is ahead: synchronize it (timedatectl set-ntp true)",
    ),
    1004: Code(
        "token_lifetime",
        "the token has expired",
        "this machine's clock is behind: synchronize it (timedatectl set-ntp true)",
    ),
    1100: Code(
        "account",
        "the account has a problem",
        "open Kling's console: a verification or an appeal may be pending",
    ),
    1101: Code("account", "the account is in arrears", "settle the open bill in Kling's console"),
    1102: Code(
        "account",
        "the resource pack is used up or has expired",
        "buy a resource pack in Kling's console",
    ),
    1103: Code(
        "account",
        "the account has no right to this API or model",
        "activate the model for the account, or choose another video.kling_model_name",
    ),
    1200: Code(
        "unproven",
        "a parameter is invalid",
        "compare the request with what the model accepts; the message names the parameter",
    ),
    1201: Code(
        "unproven",
        "a parameter's value is not allowed, or the id exists already",
        "change the value that the message names",
    ),
    1202: Code(
        "refused",
        "the method is wrong",
        "this client and the API differ: check KLING_BASE_URL and update the platform",
    ),
    1203: Code(
        "refused",
        "no such resource or model",
        "choose a video.kling_model_name that this host offers (KLING_BASE_URL)",
    ),
    1300: Code(
        "refused",
        "the platform's policy forbids the request",
        "choose another object, action or prompt for this clip",
    ),
    1301: Code(
        "refused",
        "the content safety system refused the image or the prompt",
        "reword the prompt or render another conditioning frame (another seed)",
    ),
    1302: Code(
        "not_accepted",
        "too many requests per second",
        "it is sent again automatically later; start fewer workers at once",
    ),
    1303: Code(
        "not_accepted",
        "the account's concurrent tasks are all in use",
        "it is sent again automatically later; lower video.concurrency or buy a larger pack",
    ),
    1304: Code(
        "account",
        "this address is not on the account's IP whitelist",
        "add this machine's public address to the whitelist in Kling's console",
    ),
    5000: Code(
        "unknown",
        "internal error of the service",
        "nothing to do: the task is looked up before anything is sent again",
    ),
    5001: Code(
        "unknown",
        "the service is in maintenance",
        "wait for its end (Kling's status page), then `hoi ledger resume`",
    ),
    5002: Code(
        "unknown",
        "internal time-out of the service",
        "the task may have been created: it is looked up over some minutes",
    ),
}

NOT_FOUND: Final = frozenset({1201, 1203})
"""Kling's codes for an unknown id in a query (the legacy host answers 400 and 1201)."""


@dataclass(frozen=True)
class Answer:
    """One answer with its envelope, parsed once; ``envelope`` is None where there is none."""

    host: str
    status: int
    envelope: Envelope | None
    retry_after_s: float | None

    @property
    def code(self) -> int | None:
        return self.envelope.code if self.envelope else None

    @property
    def known(self) -> Code | None:
        """What the answer's code means, if it is a documented one."""
        return CODES.get(self.code) if self.code is not None else None


def answer_of(response: httpx.Response) -> Answer:
    """The answer in a response, whatever its body is."""
    try:
        envelope = Envelope.model_validate(http.json_object(response))
    except (UnknownOutcomeError, ValueError):
        envelope = None
    return Answer(response.url.host, response.status_code, envelope, http.retry_after_s(response))


def error_of(answer: Answer) -> HoiError | None:
    """The error that an answer is; None when it is none."""
    if answer.envelope and answer.status == httpx.codes.OK and answer.code in (0, None):
        return None
    known = answer.known
    text = f"Kling {answer.status}/{answer.code}: {_meaning(answer)}{_said(answer)}"
    category = known.category if known else category_of_status(answer.status)
    return error_in(category, text, answer.retry_after_s)


def _meaning(answer: Answer) -> str:
    if answer.known is not None:
        return f"{answer.known.meaning}; {answer.known.cure}"
    if answer.envelope is None:
        return f"{answer.host} answered with something other than Kling's JSON"
    return "a code that is not documented" if answer.code else "no error code was given"


def _said(answer: Answer) -> str:
    message = answer.envelope.message if answer.envelope else ""
    return f" ({excerpt(message)})" if message else ""
