"""The stand-ins on a real port: one ASGI application, run by uvicorn on loopback."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from hoi_platform.services.fake_apis.chat import FakeChat
from hoi_platform.services.fake_apis.fal import FakeFal
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.messages import Call, Reply
from hoi_platform.services.fake_apis.transport import FAL_ERRORS, DroppedError, Gateway


class BrokenAnswer(Response):
    """Announces more than it sends: the client sees the connection break."""

    def __init__(self, content: bytes, announced: int, media_type: str) -> None:
        super().__init__(content, media_type=media_type)
        self.headers["content-length"] = str(announced)


def endpoint(handle: Callable[[Call], Reply]) -> Callable[[Request], object]:
    """A Starlette endpoint around a stand-in."""

    async def respond(request: Request) -> Response:
        call = Call(
            method=request.method,
            path=request.scope["path"].removeprefix(request.scope.get("root_path", "")),
            query=dict(request.query_params),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
        )
        try:
            reply = await run_in_threadpool(handle, call)
        except DroppedError:
            return BrokenAnswer(b"", 1, "application/json")
        if reply.announced is not None:
            return BrokenAnswer(reply.body, reply.announced, reply.content_type)
        return Response(reply.body, reply.status, dict(reply.headers), reply.content_type)

    return respond


def application(kling: FakeKling, fal: FakeFal, chat: FakeChat | None = None) -> Starlette:
    """Kling at the root, fal below ``/fal``, the chat endpoint below ``/openai``."""
    clock = kling.book.clock
    gateways = {"/fal": Gateway(fal, fal.files, fal.plan, fal.book.clock, FAL_ERRORS)}
    if chat is not None:
        gateways["/openai"] = Gateway(chat, chat, chat.plan, clock)
    gateways[""] = Gateway(kling, kling.files, kling.plan, clock)
    methods = ["GET", "POST", "PUT", "DELETE"]
    return Starlette(
        routes=[
            Mount(prefix, routes=[Route("/{rest:path}", endpoint(g.handle), methods=methods)])
            for prefix, g in gateways.items()
        ]
    )


@contextlib.contextmanager
def serving(app: Starlette, port: int) -> Iterator[str]:
    """Run an application in a thread; gives its address."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_level="critical",
        lifespan="off",
        date_header=False,  # the stand-ins tell their own time
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"no server on port {port}")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
