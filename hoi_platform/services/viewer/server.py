"""Serves what of a results folder is meant to be seen, on loopback, to this machine's browsers.

Range requests, no listings. Records, ledger, ground truth, staging and everything unknown are as
absent for it (``core.formats.published``).
"""

import os
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from hoi_platform.core.formats.published import published
from hoi_platform.services.viewer.browser import BrowserHeaders, content_type, policy
from hoi_platform.services.viewer.hosts import KnownHosts

GALLERY: Final = "/index/gallery/index.html"
_LONGEST_HEAD: Final = 1 << 16
"""Longest request line with its headers (bytes); chosen: browsers send a few thousand."""


class PublishedFiles(StaticFiles):
    """Regular files that are published, under their own names: no symbolic link is followed."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file's real path and state; nothing for what is not published."""
        if published(path) is None or self.directory is None:
            return "", None
        found, state = super().lookup_path(path)
        is_link = found != str(Path(self.directory).resolve() / path)
        return ("", None) if is_link else (found, state)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        *more: int,
    ) -> Response:
        """With the type that its name says, whatever is inside."""
        response = super().file_response(full_path, stat_result, scope, *more)
        shown = published(self.get_path(scope))
        assert shown is not None
        if response.status_code != HTTPStatus.NOT_MODIFIED:
            response.headers["content-type"] = content_type(Path(full_path).suffix, shown)
        response.headers["content-security-policy"] = policy(shown)
        # Kept and asked about every time: a clip's files are replaced when it is made again.
        response.headers["cache-control"] = "no-cache"
        return response


def results_app(results_dir: Path, hosts: Iterable[str] = ()) -> Starlette:
    """An app over one results folder that answers to loopback's names and to ``hosts``."""

    def to_gallery(_request: Request) -> Response:
        return RedirectResponse(GALLERY)

    return Starlette(
        routes=[Route("/", to_gallery), Mount("/", PublishedFiles(directory=results_dir))],
        middleware=[Middleware(BrowserHeaders), Middleware(KnownHosts, hosts=hosts)],
    )


def run_server(results_dir: Path, host: str, port: int, names: Iterable[str] = ()) -> None:
    """Serve until interrupted."""
    import uvicorn

    if not results_dir.is_dir():
        results_dir.mkdir(parents=True)
    uvicorn.run(
        results_app(results_dir, names),
        host=host,
        port=port,
        log_level="warning",
        http="h11",  # httptools sets no limit to the headers
        h11_max_incomplete_event_size=_LONGEST_HEAD,
        server_header=False,
        proxy_headers=False,
    )
