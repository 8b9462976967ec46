"""The names under which a server on loopback answers.

A page of another site can have its own name resolved to 127.0.0.1 (DNS rebinding); the browser
then lets it read what is served there. Its requests still carry that name as their host.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?")
"""A name or an address with an optional port (RFC 9110, 7.2)."""


class KnownHosts:
    """Refuses requests (421, RFC 9110) whose host is neither loopback nor one of ``hosts``."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {*LOOPBACK, *(name.lower().rstrip(".") for name in hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._answers(scope):
            await self._app(scope, receive, send)
            return
        text = (
            f"This server answers to {', '.join(sorted(self._names))}. Allow another name with "
            "`hoi serve --allowed_host NAME`.\n"
        )
        await PlainTextResponse(text, 421)(scope, receive, send)

    def _answers(self, scope: Scope) -> bool:
        given = Headers(scope=scope).getlist("host")
        match = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
        return match is not None and match[1].rstrip(".") in self._names


def host_of(url: str | None) -> tuple[str, ...]:
    """The host of a URL as ``KnownHosts`` has it; nothing without one."""
    name = urlsplit(url).hostname if url else None
    if not name:
        return ()
    return (f"[{name}]" if ":" in name else name,)
