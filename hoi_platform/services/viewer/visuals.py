"""All pictures of a clip: four videos, the 3D page and a poster, in one pass over its frames."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array, Image, Progress
from hoi_platform.core.colors import srgb_from_linear
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.services.viewer.captions import titled
from hoi_platform.services.viewer.encoder import Encoder
from hoi_platform.services.viewer.figures import OBJECT_TINT, PERSON_TINT, Figures
from hoi_platform.services.viewer.light_mesh import light_topology, lightened
from hoi_platform.services.viewer.overlay import overlaid
from hoi_platform.services.viewer.page import write_page
from hoi_platform.services.viewer.request import VisualsRequest
from hoi_platform.services.viewer.stage import Stage
from hoi_platform.services.viewer.surfaces import (
    Surface,
    load_surfaces,
)
from hoi_platform.services.viewer.thumbnail import contact_sheet
from hoi_platform.services.viewer.world_view import WorldView

FILES: Final = {
    "input": "input.mp4",
    "recon_result": "recon_result.mp4",
    "recon_result_top_view": "recon_result_top_view.mp4",
    "recon_comparison": "recon_comparison.mp4",
    "page": "recon_result.html",
    "poster": "poster.jpg",
}
POSTER_BYTES: Final = 28_000
"""Largest poster; chosen: a gallery loads hundreds."""
_POSTER_AT: Final = 0.6
"""Share of the clip at which the poster is drawn; chosen: the object is in hand by then."""
_WORLD_VERTICES: Final = 6000
"""Vertices of the body in the views of the world; chosen: they need no pixel-exact outline."""
_FILM_WIDTH_PX: Final = 640
"""Largest width of the frames that the 3D page shows; chosen."""


def write_visuals(
    request: VisualsRequest, out: Path, progress: Progress = lambda _f, _t: None
) -> dict[str, Path]:
    """Write every file of ``FILES`` into ``out``; its keys name them.

    The videos cover the frames of the result, which may be fewer than the video's.
    """
    paths = {key: out / name for key, name in FILES.items()}
    vertices = request.data.motion.vertices(request.body)
    parts = load_surfaces(request.mesh_obj, _vec3(request.data.obj_scale))
    film = _write_videos(request, vertices, parts, paths, progress)
    progress(0.9, "3D page")
    write_page(request, vertices, parts, film, paths["page"])
    poster = film[int(_POSTER_AT * (len(film) - 1))]
    paths["poster"].write_bytes(contact_sheet([poster], 1, POSTER_BYTES))
    progress(1.0, "pictures written")
    return paths


def _write_videos(
    request: VisualsRequest,
    vertices: Array,
    parts: tuple[Surface, ...],
    paths: dict[str, Path],
    progress: Progress,
) -> list[Image]:
    """The four videos; returns the overlay's frames, small."""
    colors = srgb_from_linear(request.body_colors)
    person = Surface(vertices[0], request.body.faces, vertex_colors=colors)
    film: list[Image] = []
    with ExitStack() as stack:
        overlay = stack.enter_context(_Overlay(request, person, parts))
        world = stack.enter_context(_World(request, vertices, person, parts))
        encoders = {
            key: stack.enter_context(Encoder(paths[key], request.video.fps))
            for key in ("input", "recon_result", "recon_result_top_view", "recon_comparison")
        }
        for frame in range(len(request.data)):
            video = request.video.frames[frame]
            over = overlay.frame(frame, vertices[frame])
            side, top = world.frame(frame, vertices[frame])
            panels = (("Input video", video), ("Reconstruction", over), ("From the side", side))
            encoders["input"].write(video)
            encoders["recon_result"].write(over)
            encoders["recon_result_top_view"].write(top)
            encoders["recon_comparison"].write(titled(panels, _footer(request, frame)))
            film.append(_shrunk(over))
            progress(0.9 * (frame + 1) / len(request.data), "rendering frames")
    return film


class _Overlay(Stage):
    """Person and object alone, seen by the clip's camera, in colors that stand out."""

    def __init__(
        self, request: VisualsRequest, person: Surface, parts: tuple[Surface, ...]
    ) -> None:
        super().__init__(request.camera.width_px, request.camera.height_px)
        self._request = request
        tinted = tuple(part.tinted(OBJECT_TINT) for part in parts)
        self._figures = Figures.on(self, person.tinted(PERSON_TINT), tinted)

    def frame(self, frame: int, vertices: Array) -> Image:
        """The overlay over one frame of the video."""
        self._figures.show(vertices, self._request.data.Ts_world_object[frame])
        self.look_through(self._request.camera)
        return overlaid(self._request.video.frames[frame], self.render())


class _World(WorldView):
    """The clip's surroundings with the reconstruction and, where there is one, the truth."""

    def __init__(
        self,
        request: VisualsRequest,
        vertices: Array,
        person: Surface,
        parts: tuple[Surface, ...],
    ) -> None:
        data = request.data
        corners = np.concatenate([part.vertices for part in parts])
        box = np.stack([corners.min(axis=0), corners.max(axis=0)])
        moving = np.concatenate(
            [transform_points(data.Ts_world_object, box).reshape(-1, 3), vertices.reshape(-1, 3)]
        )
        extent = np.stack([moving.min(axis=0), moving.max(axis=0)])
        super().__init__(request.camera, request.spec, extent)
        self._request = request
        body = request.body
        self._kept, _ = light_topology(body.rest_vertices, body.faces, _WORLD_VERTICES)
        person = lightened(replace(person, vertices=body.rest_vertices), _WORLD_VERTICES)
        self._figures = self.add_figures(person, parts)
        self._ghost, self._truth = None, None
        if request.truth is not None:
            self._truth = request.truth.motion[: len(data)].vertices(body)[:, self._kept]
            self._ghost = self.add_ghost(person, parts)
        self.add_path(data.Ts_world_object[:, :3, 3])

    def frame(self, frame: int, vertices: Array) -> tuple[Image, Image]:
        """The side view and the top view of one frame."""
        request = self._request
        self._figures.show(vertices[self._kept], request.data.Ts_world_object[frame])
        if self._ghost and self._truth is not None and request.truth is not None:
            self._ghost.show(self._truth[frame], request.truth.Ts_world_object[frame])
        return self.side_view(), self.top_view()


def _footer(request: VisualsRequest, frame: int) -> str:
    data = request.data
    hands = [
        name for name, on in zip(("left", "right"), data.contact.hands[frame], strict=True) if on
    ]
    contact = (
        f"contact: {' and '.join(hands)} hand{'s' * (len(hands) > 1)}" if hands else "no contact"
    )
    ghost = "   |   green: ground truth" if request.truth else ""
    return (
        f"{request.title}   |   {frame / data.motion.fps:.2f} s, frame {frame}   |   {contact}"
        f"   |   {request.verdict_text}{ghost}"
    )


def _vec3(values: Array) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return (x, y, z)


def _shrunk(image: Image) -> Image:
    """At most ``_FILM_WIDTH_PX`` wide."""
    step = -(-image.shape[1] // _FILM_WIDTH_PX)
    return image[::step, ::step]
