"""Heading, legend and style of the 3D page."""

from html import escape
from typing import Final

from hoi_platform.services.viewer.figures import GHOST_TINT, OBJECT_TINT
from hoi_platform.services.viewer.page_meshes import HAND_COLORS
from hoi_platform.services.viewer.request import VisualsRequest
from hoi_platform.services.viewer.surfaces import RGB

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
