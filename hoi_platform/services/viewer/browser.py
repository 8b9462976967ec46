"""What a browser is told of every answer: its type, what may run in it, who may embed it."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hoi_platform.core.formats.published import Published

_TEXT: Final = "text/plain; charset=utf-8"
_TYPES: Final = {
    "": _TEXT,
    ".txt": _TEXT,
    ".obj": _TEXT,
    ".mtl": _TEXT,
    ".json": "application/json",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
}
_DOWNLOAD: Final = "application/octet-stream"

_POLICIES: Final = {
    # The 3D page is one file: its scripts, styles and textures are inside of it.
    Published.PAGE: "default-src 'none'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    # What a browser needs to show a picture or a video on its own.
    Published.DATA: "default-src 'none'; img-src 'self'; media-src 'self'; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
}

_ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-site",  # Dagster's page has another port
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
}
_DEFAULT: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
"""For answers that are no file: redirects and errors."""


def content_type(suffix: str, shown: Published) -> str:
    """The type of a file by its ending. Of what is no page, no type runs scripts."""
    if shown is Published.PAGE:
        return "text/html; charset=utf-8"
    return _TYPES.get(suffix.lower(), _DOWNLOAD)


def policy(shown: Published) -> str:
    """Its content security policy."""
    return _POLICIES[shown]


class BrowserHeaders:
    """Adds the headers that every answer has, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_ALWAYS)
                for name, value in _DEFAULT.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_more)
