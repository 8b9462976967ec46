"""The interactive 3D page of a clip: one HTML file that opens from disk (ScenePic).

A posed body of v vertices costs 8 v bytes a frame (16 bits per coordinate, in base64), so that
bodies are thinned to a budget and the page stays below 10 MB however long the clip is.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import numpy as np

from hoi_platform.core.arrays import Array, Image
from hoi_platform.core.colors import RGB, srgb_from_linear
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.scene.boxes import with_legs
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec
from hoi_platform.services.viewer import page_parts
from hoi_platform.services.viewer.figures import GHOST_TINT, OBJECT_TINT
from hoi_platform.services.viewer.light_mesh import light_topology, lightened
from hoi_platform.services.viewer.request import VisualsRequest
from hoi_platform.services.viewer.surfaces import Surface
from hoi_platform.services.viewer.world_view import (
    FLOOR_COLOR,
    FLOOR_HALF_M,
    box_surface,
    part_surface,
    side_camera,
)

_PERSON_BYTES: Final = 4_000_000
"""Budget of the body's motion; chosen so that the page stays below 10 MB."""
_TRUTH_BYTES: Final = 1_600_000
"""Budget of the true body's motion; chosen likewise."""
_FILM_BYTES: Final = 1_500_000
"""Budget of the pictures beside the 3D view; chosen likewise."""
_BYTES_PER_VERTEX: Final = 8
"""Three coordinates of 16 bits in base64, by definition."""
_BODY_VERTICES: Final = (1200, 6000)
"""Fewest and most vertices of a body; chosen: fewer look broken, more look the same."""
_OBJECT_VERTICES: Final = 12_000
"""Most vertices of the object, over all of its parts; chosen."""
_QUANTUM_M: Final = 5e-4
"""Step of the stored coordinates; chosen below what the eye sees."""
_GRID_COLOR: Final[RGB] = (0.72, 0.75, 0.8)
"""sRGB of the lines on the floor; chosen."""
_FRUSTUM_COLOR: Final[RGB] = (0.2, 0.25, 0.35)
"""sRGB of the clip's camera; chosen."""
_FREE_VIEW_PX: Final = (900, 620)
"""Size of the view that the user turns; chosen: both columns fit a laptop's screen."""
_SMALL_VIEW_PX: Final = (440, 248)
"""Size of the views beside it, 16:9; chosen."""
_FREE_VIEW_FOV_DEG: Final = 36.0
"""Vertical field of view; chosen."""
_FREE_VIEW_TURN_DEG: Final = 35.0
"""Turn of the free view from the clip's camera about the vertical; chosen."""
_TOP_VIEW_FOV_DEG: Final = 32.0
"""Vertical field of view; chosen."""
_LAYERS: Final[dict[str, dict[str, float]]] = {
    "person": {"opacity": 1.0},
    "object": {"opacity": 1.0},
    "contact": {"opacity": 1.0},
    "path": {"opacity": 1.0},
    "camera": {"opacity": 1.0},
    "floor": {"opacity": 1.0},
    "table": {"opacity": 0.7, "render_order": 2},
    "truth": {"opacity": 0.3, "render_order": 3},
}
"""How layers are shown at first; chosen. Translucent ones are drawn last."""


def write_page(
    request: VisualsRequest,
    vertices: Array,
    object_parts: Sequence[Surface],
    film: Sequence[Image],
    path: Path,
) -> None:
    """Write ``recon_result.html``.

    ``vertices`` (T, V, 3) is the posed body, ``film`` a small picture per frame beside the 3D view.
    """
    import scenepic as sp

    scene = sp.Scene()
    scene.framerate = request.video.fps
    page = _Page(scene, request)
    page.add_surroundings()
    page.add_person("person", vertices, _PERSON_BYTES)
    page.add_object(object_parts)
    if request.truth is not None:
        truth = request.truth.motion[: len(request.data)].vertices(request.body)
        page.add_person("truth", truth, _TRUTH_BYTES)
    low, high = vertices.min(axis=(0, 1)), vertices.max(axis=(0, 1))
    page.add_views(np.stack([low, high]), film)
    scene.quantize_updates(-1.0, _QUANTUM_M)
    head, body = page_parts.head_html(), page_parts.body_html(request)
    scene.save_as_html(str(path), escape(request.title), head, body)


class _Page:
    """A ScenePic scene under construction: meshes first, then the views that show them."""

    def __init__(self, scene: Any, request: VisualsRequest) -> None:
        self._scene, self._request = scene, request
        self._still: list[Any] = []
        self._moving: list[list[Any]] = [[] for _ in range(len(request.data))]
        self._placed: list[tuple[Any, Array]] = []

    def add_surroundings(self) -> None:
        """Floor, supports, the path of the object and the clip's camera."""
        scene, request = self._scene, self._request
        path = request.data.Ts_world_object[:, :3, 3]
        center = np.round(path[0, :2])
        low, high = (np.array([*(center + side * FLOOR_HALF_M), 0]) for side in (-1, 1))
        floor = box_surface(low - [0, 0, 0.02], high, FLOOR_COLOR)
        frustum = scene.create_mesh(layer_id="camera")
        color = np.array(_FRUSTUM_COLOR, np.float32)
        frustum.add_camera_frustum(_clip_camera(request.camera), color, depth=0.35, thickness=0.006)
        self._still += [
            page_parts.surface_mesh(scene, floor, "floor"),
            page_parts.grid_mesh(scene, center, FLOOR_HALF_M, _GRID_COLOR),
            *(
                page_parts.surface_mesh(scene, part_surface(part), _layer(support))
                for support in request.spec.supports
                for part in with_legs(support)
            ),
            page_parts.path_mesh(scene, path, OBJECT_TINT, 0.004, "path"),
            frustum,
        ]

    def add_person(self, layer: str, vertices: Array, budget_bytes: int) -> None:
        """A body with its motion (T, V, 3), thinned to the budget."""
        body, frames = self._request.body, len(self._moving)
        limit = budget_bytes // (_BYTES_PER_VERTEX * frames)
        limit = min(max(limit, _BODY_VERTICES[0]), _BODY_VERTICES[1])
        kept, faces = light_topology(body.rest_vertices, body.faces, limit)
        colors = srgb_from_linear(self._request.body_colors[kept])
        if layer == "truth":
            colors = np.tile(GHOST_TINT, (len(kept), 1))
        posed = vertices[:, kept].astype(np.float32)
        mesh = self._scene.create_mesh(layer, layer_id=layer)
        mesh.add_mesh_without_normals(
            posed[0], faces.astype(np.uint32), colors=colors.astype(np.float32)
        )
        for frame, shown in enumerate(self._moving):
            shown.append(self._scene.update_mesh_positions(layer, posed[frame]))

    def add_object(self, parts: Sequence[Surface]) -> None:
        """The object's parts with their poses, and their double where the truth is known."""
        request = self._request
        total = sum(len(part.vertices) for part in parts)
        for part in parts:
            light = lightened(part, max(300, _OBJECT_VERTICES * len(part.vertices) // total))
            mesh = page_parts.surface_mesh(self._scene, light, "object")
            self._placed.append((mesh, request.data.Ts_world_object))
            if request.truth is not None:
                ghost = page_parts.surface_mesh(self._scene, light.tinted(GHOST_TINT), "truth")
                self._placed.append((ghost, request.truth.Ts_world_object))

    def add_views(self, extent: Array, film: Sequence[Image]) -> None:
        """The free view, the film and the view from above, frame by frame."""
        scene, camera = self._scene, self._request.camera
        free = scene.create_canvas_3d(
            "free_view", *_FREE_VIEW_PX, html_id="free", camera=_free_camera(camera, extent)
        )
        strip = scene.create_canvas_2d("film_view", *_SMALL_VIEW_PX, html_id="film")
        top = scene.create_canvas_3d(
            "top_view", *_SMALL_VIEW_PX, html_id="top", camera=_top_camera(camera, extent)
        )
        images = page_parts.pictures(scene, film, _SMALL_VIEW_PX[0], _FILM_BYTES)
        for canvas in (free, top):
            _set_look(canvas)
        for frame, image in enumerate(images):
            moving = self._frame_meshes(frame)
            for canvas in (free, top):
                shown = canvas.create_frame(focus_point=extent.mean(axis=0).astype(np.float32))
                shown.add_meshes([*self._still, *moving])
                for mesh, poses in self._placed:
                    shown.add_mesh(mesh, transform=poses[frame].astype(np.float32))
            strip.create_frame().add_image(image, "fit", smoothed=True)

    def _frame_meshes(self, frame: int) -> list[Any]:
        data = self._request.data
        contact = page_parts.contact_mesh(
            self._scene, data.contact_points, frame, data.Ts_world_object[frame]
        )
        return [*self._moving[frame], *([] if contact is None else [contact])]


def _layer(support: BoxSpec | MeshSpec) -> str:
    """A support that people walk on is solid; hands below a table top stay visible."""
    return "floor" if support.walkable else "table"


def _set_look(canvas: Any) -> None:
    import scenepic as sp

    canvas.shading = sp.Shading(bg_color=np.array([0.93, 0.945, 0.96], np.float32))
    canvas.set_layer_settings(_LAYERS)


def _clip_camera(camera: Camera) -> Any:
    """The clip's own camera."""
    eye, R = camera.T_world_cam[:3, 3], camera.T_world_cam[:3, :3]
    return _camera(
        eye, eye + R[:, 2], -R[:, 1], _fov_deg(camera), (camera.width_px, camera.height_px)
    )


def _free_camera(camera: Camera, extent: Array) -> Any:
    """A view from beside the clip's camera onto ``extent`` (2, 3)."""
    width, height = _FREE_VIEW_PX
    focal = height / 2 / np.tan(np.radians(_FREE_VIEW_FOV_DEG) / 2)
    seen = side_camera(
        Camera(width, height, focal, camera.T_world_cam), extent, _FREE_VIEW_TURN_DEG
    )
    eye = seen.T_world_cam[:3, 3]
    up = np.array([0.0, 0.0, 1.0])
    return _camera(eye, extent.mean(axis=0), up, _FREE_VIEW_FOV_DEG, _FREE_VIEW_PX)


def _top_camera(camera: Camera, extent: Array) -> Any:
    """A view from above, the direction in which the clip's camera looks upward."""
    up = camera.T_world_cam[:3, 2] * [1, 1, 0]
    x, y, z = extent.mean(axis=0)
    reach = 0.65 * np.linalg.norm(np.ptp(extent[:, :2], axis=0))
    above = extent[1, 2] + reach / np.tan(np.radians(_TOP_VIEW_FOV_DEG) / 2)
    return _camera(
        np.array([x, y, above]), np.array([x, y, z]), up, _TOP_VIEW_FOV_DEG, _SMALL_VIEW_PX
    )


def _camera(eye: Array, target: Array, up: Array, fov_deg: float, size_px: tuple[int, int]) -> Any:
    import scenepic as sp

    eye, target, up = (np.asarray(v, np.float32) for v in (eye, target, up))
    return sp.Camera(eye, target, up, fov_deg, aspect_ratio=size_px[0] / size_px[1])


def _fov_deg(camera: Camera) -> float:
    return float(np.degrees(2 * np.arctan(camera.height_px / 2 / camera.focal_px)))
