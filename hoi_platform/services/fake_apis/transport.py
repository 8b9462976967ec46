"""A stand-in behind an httpx client, in process, with its faults on the way."""

import functools
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final

import httpx

from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.messages import Call, Reply, Service, json_reply

Clock = Callable[[], datetime]


class DroppedError(Exception):
    """The connection breaks: ``before`` the service has read the request, or after its work."""

    def __init__(self, moment: str) -> None:
        super().__init__(moment)
        self.moment = moment


Errors = dict[str, tuple[int, Any]]
"""Status and body by fault."""

KLING_ERRORS: Final[Errors] = {
    "error_before": (503, {"code": 5001, "message": "maintenance"}),
    "internal_error": (500, {"code": 5000, "message": "internal error"}),
    "too_fast": (429, {"code": 1302, "message": "too fast"}),
    "slots_in_use": (429, {"code": 1303, "message": "over resource pack limit"}),
    "error_after": (504, {"code": 5002, "message": "internal time-out"}),
}
FAL_ERRORS: Final[Errors] = {
    "error_before": (503, {"detail": "no runner", "error_type": "runner_scheduling_failure"}),
    "internal_error": (500, {"detail": "internal error", "error_type": "internal_error"}),
    "too_fast": (429, {"detail": "too many requests"}),
    "slots_in_use": (429, {"detail": "concurrent requests limit"}),
    "error_after": (504, {"detail": "timed out", "error_type": "request_timeout"}),
}
_BEFORE: Final = ("error_before", "internal_error", "too_fast", "slots_in_use")
_RETRY_AFTER: Final = {"too_fast": "7"}

# What stands between us and the service answers in its place, before or after its work.
_PROXYS_BEFORE: Final = {
    "bare_429": Reply(429, b'{"message": "slow down"}'),
    "redirect": Reply(302, b"", headers={"location": "http://127.0.0.1:9/elsewhere"}),
    "proxy_forbids": Reply(403, b"<html>forbidden</html>", "text/html"),
}
_PROXYS_AFTER: Final = {
    "html_answer": Reply(200, b"<html>please wait</html>", "text/html"),
    "gateway_timeout": Reply(504, b"<html>time-out</html>", "text/html"),
    "not_utf8": Reply(200, b'{"code": 0, "message": "\xff\xfe"}'),
    "deep_json": Reply(200, b'{"data":' * 100_000),
    "wrong_types": Reply(200, b'{"code": 0, "data": [1], "request_id": [], "status": {}}'),
}


@functools.cache
def _bomb() -> Reply:
    packed = gzip.compress(b'{"message": "' + b" " * 20_000_000, compresslevel=1)
    return Reply(200, packed, headers={"content-encoding": "gzip"})


def _with_odd_text(reply: Reply) -> Reply:
    body = json.loads(reply.body)
    odd = {"message": "\ud800 and \0", "logs": "\udfff"}
    return Reply(reply.status, json.dumps({**odd, **body, **odd}).encode(), headers=reply.headers)


class Gateway:
    """Routes calls to a service and its files, and spoils some of them as the plan says."""

    def __init__(
        self,
        service: Service,
        files: Service,
        plan: FaultPlan,
        clock: Clock,
        errors: Errors = KLING_ERRORS,
    ) -> None:
        self._errors = errors
        self._service = service
        self._files = files
        self._plan = plan
        self._clock = clock

    def handle(self, call: Call) -> Reply:
        """The reply; raises DroppedError where none arrives."""
        if call.path.startswith("/files/"):
            return self._files.handle(call)
        reply = self._spoiled(call, self._plan.call_fault())
        reply.headers["date"] = format_datetime(self._clock(), usegmt=True)
        return reply

    def _spoiled(self, call: Call, fault: str | None) -> Reply:
        if fault in ("dropped_before", "refused_connection"):
            raise DroppedError(fault)
        if fault in _PROXYS_BEFORE:
            return replace(_PROXYS_BEFORE[fault], headers=dict(_PROXYS_BEFORE[fault].headers))
        if fault in _BEFORE:
            status, body = self._errors[fault]
            asked = {"retry-after": _RETRY_AFTER[fault]} if fault in _RETRY_AFTER else {}
            return json_reply(body, status, **asked)
        reply = self._service.handle(call)
        if fault == "dropped_after":
            raise DroppedError(fault)
        if fault == "error_after":
            status, body = self._errors[fault]
            return json_reply(body, status)
        if fault == "odd_text":
            return _with_odd_text(reply)
        spoiled = _bomb() if fault == "bomb" else _PROXYS_AFTER.get(fault or "", reply)
        return replace(spoiled, headers=dict(spoiled.headers))


class InProcess(httpx.BaseTransport):
    """httpx without a network."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = Call(
            method=request.method,
            path=request.url.path,
            query=dict(request.url.params),
            headers=dict(request.headers),
            body=request.read(),
        )
        try:
            reply = self._gateway.handle(call)
        except DroppedError as dropped:
            raise _ERRORS[dropped.moment]("fault plan", request=request) from dropped
        headers = {"content-type": reply.content_type, **reply.headers}
        headers["content-length"] = str(reply.announced or len(reply.body))
        stream = _Body(reply.body, whole=reply.announced in (None, len(reply.body)))
        return httpx.Response(reply.status, headers=headers, stream=stream)


_ERRORS = {
    "dropped_before": httpx.ReadError,
    "dropped_after": httpx.ReadTimeout,
    "refused_connection": httpx.ConnectError,
}


class _Body(httpx.SyncByteStream):
    def __init__(self, data: bytes, *, whole: bool) -> None:
        self._data = data
        self._whole = whole

    def __iter__(self) -> Iterator[bytes]:
        yield self._data
        if not self._whole:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete body")
