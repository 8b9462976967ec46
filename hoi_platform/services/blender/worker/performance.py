"""The operation that renders a moving person and object in a still scene."""

from pathlib import Path
from typing import Any

import numpy as np

from hoi_platform.services.blender.worker import passes, stage
from hoi_platform.services.blender.worker.channel import Channel


def render_performance(request: dict[str, Any], channel: Channel) -> dict[str, Any]:
    """Frame 0 whole as ``base.png``, then ``border`` of every frame as ``frame_<n>.png``.

    The person's ``motion`` is (T, V, 3) float32 and the object's ``motion`` (T, 4, 4), both npy;
    an event {frame} follows each file, so that the parent works on it meanwhile.
    """
    actors = stage.build(request)
    device = passes.set_up(request)
    folder, samples, denoise = Path(request["folder"]), request["samples"], request["denoise"]
    person_motion = np.load(request["person"]["motion"], mmap_mode="r")
    object_motion = np.load(request["object"]["motion"])
    for frame, (vertices, pose) in enumerate(zip(person_motion, object_motion, strict=True)):
        _pose_person(actors["person"].data, vertices)
        stage.move_object(actors["object"], pose, request["object"]["scale"])
        if frame == 0:
            passes.beauty(str(folder / "base.png"), request["base_samples"], denoise=denoise)
            channel.event(frame="base")
        path = str(folder / f"frame_{frame:05d}.png")
        passes.beauty(path, samples, denoise=denoise, border=request["border"])
        channel.event(frame=frame)
    return {"device": device, "frames": len(object_motion)}


def _pose_person(mesh: Any, vertices: np.ndarray) -> None:
    mesh.vertices.foreach_set("co", np.ascontiguousarray(vertices, dtype=np.float32).ravel())
    mesh.update()
