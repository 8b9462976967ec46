"""A stand-in behind an httpx client, in process, with its faults on the way."""

from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import format_datetime

import httpx

from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.messages import Call, Reply, Service, json_reply

Clock = Callable[[], datetime]


class DroppedError(Exception):
    """The connection breaks: ``before`` the service has read the request, or after its work."""

    def __init__(self, moment: str) -> None:
        super().__init__(moment)
        self.moment = moment


# Answers to calls that were not carried out.
_UNDONE = {
    "error_before": (503, {"code": 5001, "message": "maintenance"}),
    "internal_error": (500, {"code": 5000, "message": "internal error"}),
    "too_fast": (429, {"code": 1302, "message": "too fast"}),
    "slots_in_use": (429, {"code": 1303, "message": "over resource pack limit"}),
    "bare_429": (429, {"detail": "slow down"}),
}


class Gateway:
    """Routes calls to a service and its files, and spoils some of them as the plan says."""

    def __init__(self, service: Service, files: Service, plan: FaultPlan, clock: Clock) -> None:
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
        if fault in _UNDONE:
            status, body = _UNDONE[fault]
            return json_reply(body, status)
        reply = self._service.handle(call)
        if fault == "dropped_after":
            raise DroppedError(fault)
        if fault == "error_after":
            return json_reply({"code": 5002, "message": "internal time-out"}, 504)
        if fault == "html_answer":
            return Reply(200, b"<html>please wait</html>", "text/html")
        return reply


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
