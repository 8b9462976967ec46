"""The optional endpoint that Kling calls at each change of a task's state.

A callback is a hint: what it says is not believed. Its signature is checked, and the task that it
names is then queried as in any poll, so that a forged, repeated or late callback does no harm.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hoi_platform.core.errors import ConfigError, HoiError
from hoi_platform.services.video.json_answer import UnreadableJsonError, parse_object
from hoi_platform.services.video.kling.answers import external_id_in

MAX_BYTES: Final = 1_000_000
"""Largest callback (bytes); chosen: Kling's have a few thousand; a longer body is not read to its
end."""

Refresh = Callable[[str], None]
"""Asks the service for the task with this external id, if the ledger has it."""

_log = logging.getLogger(__name__)


def callback_app(secret: str, refresh: Refresh) -> Starlette:
    """``POST /kling`` with the signature headers of Standard Webhooks; ``secret``: ``whsec_…``.

    Answers 204 when the task was queried, 413 to more than ``MAX_BYTES``, 401 without a valid
    signature of the last five minutes, 400 to what names no task, and 503 when ``refresh`` raises
    HoiError. Raises ConfigError on a secret that is not ``whsec_`` and base64.
    """
    webhook = _webhook(secret)

    async def kling(request: Request) -> Response:
        body = await _bounded_body(request)
        if body is None:
            return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not _is_signed(webhook, body, dict(request.headers)):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        external_task_id = external_id_of(body)
        if external_task_id is None:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        try:
            await run_in_threadpool(refresh, external_task_id)
        except HoiError as error:
            _log.warning("%s was not queried: %s", external_task_id, error)
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return Starlette(routes=[Route("/kling", kling, methods=["POST"])])


def external_id_of(body: bytes) -> str | None:
    """Our id in a callback of either generation; None in what is not JSON or names none."""
    try:
        return external_id_in(parse_object(body))
    except UnreadableJsonError:
        return None


def _webhook(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError):
        raise ConfigError(
            "KLING_WEBHOOK_SECRET is not of the form whsec_ followed by base64; copy it whole from "
            "Kling's console"
        ) from None  # the cause would quote a part of it


async def _bounded_body(request: Request) -> bytes | None:
    """The body; None as soon as it is longer than is accepted, whatever length it announced."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > MAX_BYTES:
            return None
    return bytes(received)


def _is_signed(webhook: Webhook, body: bytes, headers: dict[str, str]) -> bool:
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError, OverflowError):
        return False  # ValueError: headers or body that are not text, base64 or a time
    return True
