"""The conditioning frame of a clip: picture, depth, masks and the empty background plate."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hoi_platform.core.arrays import Mask, Progress
from hoi_platform.core.config.gen_2dhoi import RenderingConfig
from hoi_platform.core.errors import StageError
from hoi_platform.core.formats.array_schema import save_arrays
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.services.blender.performance import PerformanceRender, render_performance
from hoi_platform.services.blender.scene_request import Shot, Staged, StillRequest
from hoi_platform.services.blender.service import BlenderService

__all__ = ["ConditioningRender", "PerformanceRender", "render_conditioning", "render_performance"]


_PERSON_INDEX: Final = 1
_OBJECT_INDEX: Final = 2


@dataclass(frozen=True)
class ConditioningRender:
    """Frame 0 of a clip and the same view without person and object."""

    rgb: NDArray[np.uint8]  # (H, W, 3) sRGB
    depth: NDArray[np.float32]  # (H, W) z-depth in meters
    object_mask: Mask  # (H, W)
    human_mask: Mask  # (H, W)
    plate_rgb: NDArray[np.uint8]  # (H, W, 3) sRGB
    plate_depth: NDArray[np.float32]  # (H, W) z-depth in meters
    device: str
    """What rendered: CPU, or the kind and name of the GPU."""
    paths: dict[str, Path]
    """frame, depth (000000.png uint16 mm, 000000.exr m), masks, human_masks (000000.png), plate
    (plate.png, depth.exr, depth.npz): a file and four folders."""


def render_conditioning(
    blender: BlenderService,
    staged: Staged,
    config: RenderingConfig,
    out: Path,
    progress: Progress = lambda _fraction, _text: None,
) -> ConditioningRender:
    """Render frame 0 and the plate into the folder ``out``.

    Raises StageError when the person or the object is not in the picture.
    """
    _check_size(staged.spec, config)
    with TemporaryDirectory(prefix="hoi-render-") as name:
        folder = Path(name)
        scene = staged.request(folder, gpu=config.gpu)
        request = StillRequest(**dict(scene), shots=_shots(folder, config))
        answer = blender.run(request, on_event=lambda e: progress(e["fraction"], e["text"]))
        paths = _place(folder, out)
        render = _load(folder, paths, answer["device"])
    _write_derived(render, paths)
    return render


def _check_size(spec: SceneSpec, config: RenderingConfig) -> None:
    camera = spec.camera
    if (camera.width_px, camera.height_px) != (config.width, config.height):
        raise ValueError(
            f"the scene's camera has {camera.width_px}x{camera.height_px} px, the rendering "
            f"configuration {config.width}x{config.height}; sample the scene again"
        )


def _shots(folder: Path, config: RenderingConfig) -> list[Shot]:
    """The frame with everybody, then the plate: each as a picture and as data."""
    denoise = "HIGH" if config.denoise else ""
    shots = []
    for name, show in (("frame_", ["person", "object"]), ("plate_", [])):
        out = str(folder / name)
        shots.append(
            Shot(kind="beauty", show=show, out=out, samples=config.samples, denoise=denoise)
        )
        shots.append(Shot(kind="data", show=show, out=out))
    return shots


def _place(folder: Path, out: Path) -> dict[str, Path]:
    """Move the worker's files that are results to where they belong."""
    paths = {name: out / name for name in ("depth", "masks", "human_masks", "plate")}
    for path in paths.values():
        path.mkdir(parents=True, exist_ok=True)
    paths["frame"] = out / "frame.png"
    moves = {
        "frame_rgb.png": paths["frame"],
        "frame_depth.exr": paths["depth"] / "000000.exr",
        "plate_rgb.png": paths["plate"] / "plate.png",
        "plate_depth.exr": paths["plate"] / "depth.exr",
    }
    for name, target in moves.items():
        shutil.move(folder / name, target)
    return paths


def _load(folder: Path, paths: dict[str, Path], device: str) -> ConditioningRender:
    index = np.load(folder / "frame_index.npy")
    render = ConditioningRender(
        rgb=np.asarray(Image.open(paths["frame"]).convert("RGB")),
        depth=np.load(folder / "frame_depth.npy"),
        object_mask=index == _OBJECT_INDEX,
        human_mask=index == _PERSON_INDEX,
        plate_rgb=np.asarray(Image.open(paths["plate"] / "plate.png").convert("RGB")),
        plate_depth=np.load(folder / "plate_depth.npy"),
        device=device,
        paths=paths,
    )
    for name, mask in (("object", render.object_mask), ("person", render.human_mask)):
        if not mask.any():
            raise StageError(f"the {name} is not in the rendered picture; sample the scene again")
    return render


def _write_derived(render: ConditioningRender, paths: dict[str, Path]) -> None:
    millimeters = np.clip(np.rint(render.depth * 1000), 0, 65535).astype(np.uint16)
    Image.fromarray(millimeters).save(paths["depth"] / "000000.png")
    for name, mask in (("masks", render.object_mask), ("human_masks", render.human_mask)):
        Image.fromarray(mask.astype(np.uint8) * 255).save(paths[name] / "000000.png")
    save_arrays(paths["plate"] / "depth.npz", depth=render.plate_depth)
