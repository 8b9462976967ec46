"""The frames of a performance: only what moves is rendered again, over a still picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from hoi_platform.core.arrays import Array, Image, Progress
from hoi_platform.core.geometry.mesh import TriangleMesh, load_obj
from hoi_platform.core.scene.actors import (
    ActorRaster,
    Border,
    actor_masks,
    motion_border,
    static_depth,
)
from hoi_platform.services.blender.scene_request import (
    PerformanceRequest,
    Staged,
    save_array,
)
from hoi_platform.services.blender.service import BlenderService

_BASE_SAMPLES_FACTOR: Final = 4
"""Samples of the still background per sample of a frame; chosen: it is rendered once."""
_FEATHER_PX: Final = 8
"""Width of the blend between the moving region and the still background; chosen."""


class CompositedFrames(Sequence[Image]):
    """T frames (H, W, 3) as one still picture and the part of it that changes."""

    def __init__(self, base: Image, border: Border, parts: Sequence[Image]) -> None:
        self._base, self._border, self._parts = base, border, parts
        self._weight = _feather(border, base.shape[:2])[..., None]

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> list[Image]: ...
    def __getitem__(self, index: int | slice) -> Image | list[Image]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        frame, inside = self._base.copy(), self._border.slices
        old, new = frame[inside].astype(np.float32), self._parts[index].astype(np.float32)
        frame[inside] = np.rint(old + self._weight * (new - old)).astype(np.uint8)
        return frame

    def __iter__(self) -> Iterator[Image]:
        return (self[i] for i in range(len(self)))


@dataclass(frozen=True)
class PerformanceRender:
    """A rendered performance and what is seen where in it."""

    frames: CompositedFrames
    object_masks: NDArray[np.bool_]  # (T, H, W)
    human_masks: NDArray[np.bool_]  # (T, H, W)
    depth: NDArray[np.float32] | None  # (T, H, W) z-depth in meters
    border: Border
    device: str


def render_performance(
    blender: BlenderService,
    staged: Staged,
    Ts_world_object: Array,
    *,
    samples: int,
    gpu: bool = False,
    with_depth: bool = False,
    progress: Progress = lambda _fraction, _text: None,
) -> PerformanceRender:
    """Render T frames of a person and an object (T, 4, 4) that move in a scene.

    Frame 0 looks as the conditioning frame does. Masks and depth come from rays through the
    pixel centers, cast here while Blender renders the next frame.
    """
    mesh = load_obj(staged.object_obj, staged.spec.object_scale)
    border = motion_border(staged.spec, staged.vertices, Ts_world_object, mesh)
    collector = _Collector(staged, Ts_world_object, mesh, progress)
    with TemporaryDirectory(prefix="hoi-performance-") as name:
        folder = Path(name)
        request = performance_request(
            staged, Ts_world_object, border, folder, samples=samples, gpu=gpu
        )
        answer = blender.run(request, on_event=lambda event: collector.take(folder, event))
    return collector.result(border, answer["device"], with_depth)


def performance_request(
    staged: Staged,
    Ts_world_object: Array,
    border: Border,
    folder: Path,
    *,
    samples: int,
    gpu: bool,
) -> PerformanceRequest:
    """The worker's request; arrays and frames are written into ``folder``."""
    scene = staged.request(folder, gpu=gpu)
    motion = np.asarray(staged.vertices, np.float32)
    poses = np.asarray(Ts_world_object, float)
    moving = {
        "person": {"motion": save_array(folder / "person_motion.npy", motion)},
        "object": {"motion": save_array(folder / "object_motion.npy", poses)},
    }
    return PerformanceRequest(
        **dict(scene)
        | {name: getattr(scene, name).model_copy(update=value) for name, value in moving.items()},
        folder=str(folder),
        samples=samples,
        base_samples=_BASE_SAMPLES_FACTOR * samples,
        denoise="FAST",
        border=(border.x0, border.y0, border.x1, border.y1),
    )


class _Collector:
    """Reads each frame as it appears and casts the rays of its masks."""

    def __init__(
        self, staged: Staged, Ts_world_object: Array, mesh: TriangleMesh, progress: Progress
    ) -> None:
        self._camera, self._static = staged.spec.camera.camera(), static_depth(staged.spec)
        self._body, self._faces = staged.vertices, staged.faces
        self._poses, self._mesh = Ts_world_object, mesh
        self._progress = progress
        self._base: Image | None = None
        self._parts: list[Image] = []
        self._seen: list[ActorRaster] = []

    def take(self, folder: Path, event: dict[str, Any]) -> None:
        """One picture is finished."""
        if event["frame"] == "base":
            self._base = _read(folder / "base.png")
            return
        frame, count = event["frame"], len(self._body)
        self._parts.append(_read(folder / f"frame_{frame:05d}.png"))
        body = TriangleMesh(self._body[frame], np.asarray(self._faces, np.int64))
        mesh = self._mesh.transformed(self._poses[frame])
        self._seen.append(actor_masks(self._camera, body, mesh, self._static))
        self._progress((frame + 1) / count, f"frame {frame + 1}/{count}")

    def result(self, border: Border, device: str, with_depth: bool) -> PerformanceRender:
        assert self._base is not None
        return PerformanceRender(
            frames=CompositedFrames(self._base, border, self._parts),
            object_masks=np.stack([seen.object_mask for seen in self._seen]),
            human_masks=np.stack([seen.human_mask for seen in self._seen]),
            depth=np.stack([seen.depth for seen in self._seen]) if with_depth else None,
            border=border,
            device=device,
        )


def _read(path: Path) -> Image:
    """Decode a picture and free its file."""
    with Pillow.open(path) as image:
        frame = np.asarray(image.convert("RGB"))
    path.unlink()
    return frame


def _feather(border: Border, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Weights (h, w) of the part: 1 inside, falling to 0 at its edges within the picture."""

    def ramp(low: int, high: int, size: int) -> NDArray[np.float32]:
        x = np.arange(low, high) + 0.5
        left = np.where(low > 0, (x - low) / _FEATHER_PX, 1.0)
        right = np.where(high < size, (high - x) / _FEATHER_PX, 1.0)
        return np.clip(np.minimum(left, right), 0, 1).astype(np.float32)

    rows = ramp(border.y0, border.y1, shape[0])
    columns = ramp(border.x0, border.x1, shape[1])
    return np.minimum(rows[:, None], columns[None, :])
