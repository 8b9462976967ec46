"""The stand-ins on a real port: one ASGI application, run by uvicorn on loopback.

``CHAT_MODULE`` may name a module whose ``app(clock)`` returns an OpenAI-compatible ASGI
application; it is mounted at ``/openai``.
"""

import contextlib
import importlib.util
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from hoi_platform.services.ledger.ledger import utc_now
from hoi_platform_tests.fake_apis.fal import FakeFal
from hoi_platform_tests.fake_apis.faults import FaultPlan
from hoi_platform_tests.fake_apis.files import MakeVideo
from hoi_platform_tests.fake_apis.kling import FakeKling
from hoi_platform_tests.fake_apis.kling_auth import KlingKeys
from hoi_platform_tests.fake_apis.messages import Call, Reply
from hoi_platform_tests.fake_apis.transport import DroppedError, Gateway
from hoi_platform_tests.fake_apis.videos import file_video, still_video

CHAT_MODULE = "hoi_platform_tests.fake_apis.chat"


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


def application(kling: FakeKling, fal: FakeFal) -> Starlette:
    """Kling at the root, fal below ``/fal``, a chat endpoint below ``/openai`` if there is one."""
    routes: list[Route | Mount] = []
    if importlib.util.find_spec(CHAT_MODULE) is not None:
        chat = importlib.import_module(CHAT_MODULE)
        routes.append(Mount("/openai", app=chat.app(utc_now)))
    methods = ["GET", "POST", "PUT", "DELETE"]
    for prefix, service in (("/fal", fal), ("", kling)):
        gateway = Gateway(service, service.files, service.plan, service.book.clock)
        route = Route("/{rest:path}", endpoint(gateway.handle), methods=methods)
        routes.append(Mount(prefix, routes=[route]))
    return Starlette(routes=routes)


@contextlib.contextmanager
def serving(app: Starlette, port: int) -> Iterator[str]:
    """Run an application in a thread; gives its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off")
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


def run(port: int, video: Path | None, seed: int | None, task_s: float) -> None:
    """``hoi fake-apis``."""
    url = f"http://127.0.0.1:{port}"
    make: MakeVideo = file_video(video) if video else still_video(width=640)
    plan = FaultPlan() if seed is None else FaultPlan.of_seed(seed)
    kling = FakeKling(utc_now, make, plan, base_url=url, run_s=task_s)
    fal = FakeFal(utc_now, make, plan, base_url=f"{url}/fal", run_s=task_s)
    keys = KlingKeys()
    lines = {
        "KLING_BASE_URL": url,
        "KLING_ACCESS_KEY": keys.access_key,
        "KLING_SECRET_KEY": keys.secret_key,
        "KLING_API_KEY": keys.api_key,
        "FAL_BASE_URL": f"{url}/fal",
        "FAL_KEY": "fake-fal-key",
        "OPENAI_BASE_URL": f"{url}/openai/v1",
        "OPENAI_API_KEY": "fake-openai-key",
    }
    sys.stdout.writelines(f"export {name}={value}\n" for name, value in lines.items())
    sys.stdout.flush()
    with serving(application(kling, fal), port), contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
