"""Part labels and z-depth of a performance, frame by frame, in lossless videos.

Labels are 8-bit indices into ``core.cues.parts.PARTS``; depth is 16-bit, in millimeters, 0 where
nothing but background is seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Progress
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.cues.parts import EmptyScene, PartView, face_parts, part_view
from hoi_platform.core.formats.performance import StoredPerformance
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.services.video.lossless import LosslessWriter, read_lossless

_MM: Final = 1000.0
"""Millimeters of a meter, by definition."""
_FARTHEST_MM: Final = 65535
"""Greatest depth that 16 bits hold, by definition."""


@dataclass(frozen=True)
class Actors:
    """The person and the object that are seen, and where."""

    spec: SceneSpec
    body: BodyModel
    mesh: TriangleMesh
    """The object in meters, in its own frame."""


def part_views(performance: StoredPerformance, actors: Actors) -> Iterator[PartView]:
    """One view after the other: memory does not grow with the clip's length."""
    scene, parts = EmptyScene.of(actors.spec), face_parts(actors.body)
    for frame, T_world_object in enumerate(performance.Ts_world_object):
        vertices = performance.motion[frame : frame + 1].vertices(actors.body)[0]
        skin = TriangleMesh(vertices, actors.body.faces)
        yield part_view(scene, skin, parts, actors.mesh.transformed(T_world_object))


def write_views(
    performance: StoredPerformance,
    actors: Actors,
    labels: Path,
    depth: Path,
    progress: Progress = lambda _fraction, _text: None,
) -> None:
    """Cast every frame and write both videos."""
    fps, count = performance.motion.fps, len(performance)
    with LosslessWriter(labels, fps) as label_file, LosslessWriter(depth, fps) as depth_file:
        for number, view in enumerate(part_views(performance, actors), start=1):
            label_file.write(view.labels)
            depth_file.write(in_millimeters(view))
            progress(number / count, f"frame {number}/{count}")


def in_millimeters(view: PartView) -> NDArray[np.uint16]:
    """z-depth (H, W) in millimeters, 0 in the background."""
    mm = np.clip(np.rint(np.nan_to_num(view.depth) * _MM), 0, _FARTHEST_MM)
    return mm.astype(np.uint16)


def read_views(labels: Path, depth: Path) -> Iterator[PartView]:
    """What ``write_views`` wrote. Raises BadInputError for files that are not readable."""
    for label, mm in zip(read_lossless(labels), read_lossless(depth), strict=True):
        meters = np.where(mm > 0, mm / _MM, np.nan).astype(np.float32)
        yield PartView(label.astype(np.uint8), meters)
