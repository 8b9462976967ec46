"""Serves the results folder on loopback: range requests, no listings, nothing outside of it."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

GALLERY = "/index/gallery/index.html"


def results_app(results_dir: Path) -> Starlette:
    """An app over one results folder; records and ground truth are files like any other.

    Starlette refuses paths that leave the folder and symbolic links that lead out of it.
    """

    def to_gallery(_request: Request) -> Response:
        return RedirectResponse(GALLERY)

    return Starlette(
        routes=[Route("/", to_gallery), Mount("/", StaticFiles(directory=results_dir))]
    )


def run_server(results_dir: Path, port: int) -> None:
    """Serve until interrupted."""
    import uvicorn

    results_dir.mkdir(parents=True, exist_ok=True)
    uvicorn.run(results_app(results_dir), host="127.0.0.1", port=port, log_level="warning")
