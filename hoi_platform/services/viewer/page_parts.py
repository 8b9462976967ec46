"""What the 3D page is made of: meshes and pictures light enough for it, heading and legend."""

import io
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any, Final

import numpy as np

from hoi_platform.core.arrays import Array, Image
from hoi_platform.core.colors import RGB
from hoi_platform.core.formats.contact_record import ContactPoints
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.services.viewer.figures import GHOST_TINT, OBJECT_TINT
from hoi_platform.services.viewer.request import VisualsRequest
from hoi_platform.services.viewer.surfaces import Surface

HAND_COLORS: Final[tuple[RGB, RGB]] = ((0.95, 0.2, 0.65), (0.98, 0.9, 0.1))
"""sRGB of the contact points, left and right; chosen."""
_POINTS_PER_HAND: Final = 24
"""Contact points that are drawn at most; chosen: more cover each other."""
_POINT_DIAMETER_M: Final = 0.014
"""Chosen: visible beside a finger, and no wider than one."""
_TEXTURE_PX: Final = 384
"""Longest side of a texture; chosen to keep the page small."""
_TEXTURE_QUALITY: Final = 80
"""JPEG quality of a texture; chosen."""
_QUALITIES: Final = (78, 65, 50, 35)
"""JPEG qualities that are tried until a picture is small enough; chosen."""
_STYLE: Final = """
html { background: #10141b; }
body { margin: 0; padding-bottom: 90px; color: #dfe5ee;
       font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header { display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap; padding: 14px 20px;
         border-bottom: 1px solid #252c38; }
h1 { font-size: 17px; font-weight: 600; margin: 0; }
.badge { padding: 1px 10px; border-radius: 10px; font-size: 12px; font-weight: 600; }
.valid { background: #15452b; color: #7fe0a4; } .rejected { background: #52201f; color: #ffaaa3; }
.unknown { background: #2b3442; color: #b8c4d4; }
main { display: flex; gap: 16px; padding: 16px 20px; flex-wrap: wrap; }
aside { display: flex; flex-direction: column; gap: 6px; }
.caption { color: #93a0b3; font-size: 12px; }
#time { display: flex; gap: 12px; align-items: center; padding: 0 20px 12px; max-width: 1366px; }
#scrub { flex: 1; accent-color: #5b9dff; }
#clock { font-variant-numeric: tabular-nums; min-width: 150px; }
footer { padding: 0 20px 20px; color: #93a0b3; max-width: 1366px; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 18px; padding: 0;
            margin: 0; }
.swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px;
          margin-right: 6px; vertical-align: -1px; }
kbd { border: 1px solid #39424f; border-radius: 4px; padding: 0 5px; font-size: 12px; }
ul.reasons { margin: 8px 0 0; padding-left: 20px; color: #ffb4ad; }
.scenepic-canvas-container { border: 1px solid #2b3442 !important; border-radius: 8px;
                             overflow: hidden; }
.scenepic-slider-container, .scenepic-volume-slider { display: none !important; }
.scenepic-status-bar { background: #171d27 !important; border-top: 1px solid #252c38;
                       display: flex; gap: 16px; align-items: center;
                       justify-content: flex-start; padding: 6px 20px;
                       box-sizing: border-box; }
.scenepic-controls { width: auto !important; }
.scenepic-controls label:last-of-type { display: none !important; }
.scenepic-textbox-header { border: none !important; color: #b8c4d4; }
.scenepic-textbox-content { color: #b8c4d4; }
"""
# The sliders of ScenePic's canvases move one canvas each; this one moves all of them.
_SCRIPT: Final = """
const scrub = document.getElementById("scrub"), clock = document.getElementById("clock");
const sliders = () => [...document.querySelectorAll("input[SPCanvasId]")];
scrub.oninput = () => sliders().forEach(s => {
  s.value = scrub.value; s.dispatchEvent(new Event("input"));
});
setInterval(() => {
  const [first] = sliders();
  if (!first) return;
  scrub.max = first.max; scrub.value = first.value;
  clock.textContent = `${(first.value / FPS).toFixed(2)} s, frame ${first.value}`;
}, 40);
"""
_HELP: Final = (
    "The round button or <kbd>Space</kbd> plays. Drag to turn, <kbd>Shift</kbd> and drag to move, "
    "wheel to zoom, <kbd>R</kbd> resets. The menu at the upper right of a view shows, hides and "
    "fades its layers."
)


def surface_mesh(scene: Any, surface: Surface, layer: str) -> Any:
    """A surface with its color or texture."""
    vertices = surface.vertices.astype(np.float32)
    faces = surface.faces.astype(np.uint32)
    if surface.texture is not None and surface.uv is not None:
        image = scene.create_image()
        image.load_from_buffer(jpeg(surface.texture, _TEXTURE_PX, _TEXTURE_QUALITY), "jpg")
        mesh = scene.create_mesh(layer_id=layer, texture_id=image, nn_texture=False)
        mesh.add_mesh_without_normals(vertices, faces, uvs=surface.uv.astype(np.float32))
    else:
        color = np.array(surface.color, np.float32)
        mesh = scene.create_mesh(layer_id=layer, shared_color=color)
        mesh.add_mesh_without_normals(vertices, faces)
    return mesh


def path_mesh(scene: Any, points: Array, color: RGB, thickness_m: float, layer: str) -> Any:
    """A line through points (N, 3); stretches without motion are left out."""
    mesh = scene.create_mesh(layer_id=layer)
    rgb = np.array(color, np.float32)
    for start, end in pairwise(points.astype(np.float32)):
        if np.linalg.norm(end - start) > 1e-3:
            mesh.add_thickline(rgb, start, end, thickness_m, thickness_m)
    return mesh


def grid_mesh(scene: Any, center: Array, half_m: float, color: RGB) -> Any:
    """Lines half a meter apart on the floor around ``center`` (2,)."""
    mesh = scene.create_mesh(layer_id="floor")
    rgb, z = np.array(color, np.float32), 0.001
    low, high = center - half_m, center + half_m
    for step in np.arange(-half_m, half_m + 0.01, 0.5):
        for start, end in (
            ((center[0] + step, low[1], z), (center[0] + step, high[1], z)),
            ((low[0], center[1] + step, z), (high[0], center[1] + step, z)),
        ):
            ends = (np.array(point, np.float32) for point in (start, end))
            mesh.add_thickline(rgb, *ends, 0.003, 0.003)
    return mesh


def contact_mesh(
    scene: Any, contacts: ContactPoints, frame: int, T_world_object: Array
) -> Any | None:
    """Small spheres where the hands touch, or nothing."""
    places, colors = [], []
    for hand, color in zip((contacts.left_hand, contacts.right_hand), HAND_COLORS, strict=True):
        points = hand.at(frame)
        points = points[:: max(1, len(points) // _POINTS_PER_HAND)]
        places.append(transform_points(T_world_object, points))
        colors.append(np.tile(color, (len(points), 1)))
    world = np.concatenate(places).astype(np.float32)
    if not len(world):
        return None
    mesh = scene.create_mesh(layer_id="contact")
    size = np.diag([_POINT_DIAMETER_M] * 3 + [1.0]).astype(np.float32)
    mesh.add_icosphere(np.ones(3, np.float32), size, 0)
    mesh.enable_instancing(world, colors=np.concatenate(colors).astype(np.float32))
    return mesh


def pictures(scene: Any, frames: Sequence[Image], width_px: int, budget_bytes: int) -> list[Any]:
    """One small JPEG per frame, together about ``budget_bytes`` at most."""
    images = []
    for frame in frames:
        for quality in _QUALITIES:
            data = jpeg(frame, width_px, quality)
            if len(data) <= budget_bytes // len(frames):
                break
        image = scene.create_image()
        image.load_from_buffer(data, "jpg")
        images.append(image)
    return images


def jpeg(image: Image, max_side_px: int, quality: int) -> bytes:
    """An image (H, W, 3), shrunk until its longer side is ``max_side_px``."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray(np.ascontiguousarray(image))
    picture.thumbnail((max_side_px, max_side_px), Pillow.Resampling.LANCZOS)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def head_html() -> str:
    """Styles and the viewport."""
    return (
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style>"
    )


def body_html(request: VisualsRequest) -> str:
    """Heading, the places of the canvases, legend and reasons; all text is escaped."""
    data, verdict = request.data, request.verdict
    state = "unknown" if verdict is None else "valid" if verdict.valid else "rejected"
    seconds = len(data) / data.motion.fps
    facts = f"{len(data)} frames, {data.motion.fps:g} Hz, {seconds:.1f} s"
    legend = _legend(with_truth=request.truth is not None)
    reasons = "".join(f"<li>{escape(r)}</li>" for r in (verdict.reasons if verdict else ()))
    return f"""
<header><h1>{escape(request.title)}</h1>
<span class="badge {state}">{escape(request.verdict_text)}</span>
<span class="caption">{escape(facts)}</span></header>
<main><div id="free"></div>
<aside><span class="caption">Reconstruction over the video</span><div id="film"></div>
<span class="caption">From above</span><div id="top"></div></aside></main>
<div id="time"><input id="scrub" type="range" min="0" max="{len(data) - 1}" value="0">
<span id="clock" class="caption"></span></div>
<footer><ul class="legend">{legend}</ul>
{f'<ul class="reasons">{reasons}</ul>' if reasons else ""}
<p>{_HELP}</p></footer>
<script>{_SCRIPT.replace("FPS", f"{data.motion.fps:g}")}</script>
"""


def _legend(with_truth: bool) -> str:
    colors = [
        (OBJECT_TINT, "path of the object"),
        (HAND_COLORS[0], "contact, left hand"),
        (HAND_COLORS[1], "contact, right hand"),
    ]
    if with_truth:
        colors.append((GHOST_TINT, "ground truth"))
    return "".join(
        f'<li><span class="swatch" style="background:{_css(color)}"></span>{escape(text)}</li>'
        for color, text in colors
    )


def _css(color: RGB) -> str:
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in color)
