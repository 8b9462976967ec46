"""The operation that renders one scene with and without person and object."""

from typing import Any

from hoi_platform.services.blender.worker import passes, stage
from hoi_platform.services.blender.worker.channel import Channel


def render_still(request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Build the scene once and render its ``shots``.

    A shot is {kind: beauty | data, show: [person, object], out: prefix, samples, denoise:
    quality}; a beauty shot writes ``<prefix>rgb.png``, a data shot what ``passes.data`` says.
    """
    actors = stage.build(request)
    device = passes.set_up(request)
    shots = request["shots"]
    for i, shot in enumerate(shots):
        for name, actor in actors.items():
            actor.hide_render = name not in shot["show"]
        if shot["kind"] == "beauty":
            passes.beauty(f"{shot['out']}rgb.png", shot["samples"], denoise=shot["denoise"])
        else:
            passes.data(shot["out"])
        channel.event(fraction=(i + 1) / len(shots), text=f"render {i + 1}/{len(shots)}")
    return {"device": device}
