"""Keys that straddle the place where a client cuts an answer, over HTTP: redaction comes first."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hoi_platform.core.errors import HoiError
from hoi_platform.services import secrets
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.server import free_port, serving
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.fal import FalKling
from hoi_platform.services.video.kling.auth import ApiKeySigner
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.remote import TaskRef, Unreadable, VideoProvider

KEY = KlingKeys().api_key
OTHERS = "Q7vT-k2Lm9xWz"
"""A key of another service: the request that it is quoted to was not signed with it."""
REF = TaskRef("hoi-0", "t0", "m")
PIECE = 5
"""Letters of the key in a row that count as a leak."""


@dataclass
class Service:
    """Gives one answer to every request; the tests change it."""

    url: str
    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def respond(self, _request: Request) -> Response:
        body = json.dumps(self.body).encode()
        return Response(body, self.status, self.headers, "application/json")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    port = free_port()
    service = Service(f"http://127.0.0.1:{port}")
    methods = ["GET", "POST"]
    app = Starlette(routes=[Route("/{rest:path}", service.respond, methods=methods)])
    secrets.register(KEY, OTHERS)
    with serving(app, port):
        yield service


CLIENTS: dict[str, Callable[[str], VideoProvider]] = {
    "legacy": lambda url: LegacyKling(KlingTransport(url, ApiKeySigner(KEY)), "a"),
    "new": lambda url: NewKling(KlingTransport(url, ApiKeySigner(KEY)), "a"),
    "fal": lambda url: FalKling(url, KEY, "a"),
}
Body = Callable[[str], dict[str, Any]]
LEGACY_TASK = {"task_id": "t0", "task_info": {"external_task_id": "hoi-0"}}

# Client, status, the body around a text, and the characters of the text (about) that are shown.
PLACES: dict[str, tuple[str, int, Body, int]] = {
    "Kling's message": ("legacy", 400, lambda t: {"code": 1201, "message": t}, 300),
    "Kling's message of an unknown code": ("new", 400, lambda t: {"code": 7, "message": t}, 300),
    "Kling's task that is none": ("legacy", 200, lambda t: {"code": 0, "data": {"a": t}}, 300),
    "Kling's new task that is none": ("new", 200, lambda t: {"code": 0, "data": {"a": t}}, 300),
    "Kling's status": (
        "legacy",
        200,
        lambda t: {"code": 0, "data": LEGACY_TASK | {"task_status": t}},
        40,
    ),
    "Kling's reason of an unknown status": (
        "legacy",
        200,
        lambda t: {"code": 0, "data": LEGACY_TASK | {"task_status": "?", "task_status_msg": t}},
        300,
    ),
    "Kling's id of another task": (
        "legacy",
        200,
        lambda t: {
            "code": 0,
            "data": {
                "task_id": "t0",
                "task_status": "succeed",
                "task_info": {"external_task_id": t},
            },
        },
        80,
    ),
    "fal's detail": ("fal", 400, lambda t: {"detail": t}, 300),
    "fal's list of errors": (
        "fal",
        422,
        lambda t: {"detail": [{"type": "value_error", "msg": t, "loc": ["body"]}]},
        300,
    ),
    "fal's status": ("fal", 200, lambda t: {"status": t, "request_id": "t0"}, 40),
    "fal's answer that is none": ("fal", 200, lambda t: {"a": t}, 300),
}


def said(provider: VideoProvider, request: VideoRequest) -> str:
    """All that the client makes of the answer."""
    texts = []
    for call in (partial(provider.create, request, "hoi-0"), partial(provider.find, REF)):
        try:
            task = call()
        except HoiError as error:
            texts.append(str(error))
        else:
            texts.append("" if task is None else task.message)
    texts += [r.reason if isinstance(r, Unreadable) else r.message for r in provider.query([REF])]
    return "\n".join(texts)


def leaks(text: str, key: str) -> list[str]:
    pieces = (key[start : start + PIECE] for start in range(len(key) - PIECE + 1))
    return [piece for piece in pieces if piece in text]


@pytest.mark.parametrize("key", [KEY, OTHERS])
@pytest.mark.parametrize("place", PLACES)
def test_a_key_across_a_cut_is_removed_whole(
    place: str, key: str, service: Service, request_: VideoRequest
) -> None:
    """The first half of a quoted key would stand in the ledger, in logs and on the page."""
    client, service.status, body, shown = PLACES[place]
    service.headers = {}
    provider = CLIENTS[client](service.url)
    quoted = 0
    for before in range(shown - 24, shown, 2):
        service.body = body("_" * before + key)
        text = said(provider, request_)
        assert leaks(text, key) == [], before
        quoted += "_" * (shown - 24) in text
    assert quoted, "the text is not shown at all"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_key_in_a_header_is_removed_before_it_is_cut(
    client: str, service: Service, request_: VideoRequest
) -> None:
    """A proxy's echo of the authorization would be quoted in part."""
    provider = CLIENTS[client](service.url)
    service.status, service.body = 200, {}
    for before in range(8, 20):
        service.headers = {"content-encoding": "x" * before + KEY}
        text = said(provider, request_)
        assert "packed its answer" in text
        assert leaks(text, KEY) == [], before
