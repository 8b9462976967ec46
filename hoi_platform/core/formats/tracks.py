"""Object and human masks and depth per frame of a clip, with how far they can be trusted.

Two files hold them, both readable by the reference's tools and without a pickle by this platform:

- masks, npz: bit-packed masks, confidence and flags; beside them, under the name that the
  reference reads and we do not, its pickled dict ``masks`` frame → {0: object, 1: human}.
- depth, torch file: a list of T tensors (height, width), float16 meters, nan where unknown. The
  archive is deflated, which ``torch.load`` reads. float16 is exact to 1 mm up to 4 m, 2 mm to 8 m.

121 frames at 1280x720 take 670 MB in memory (depth 446, masks 223), on disk about 1 MB of masks
and 10 to 30 MB of depth; while saving, 450 MB more.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from hoi_platform.core.arrays import Mask
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import ArraySpec, read_arrays, save_arrays

Masks = Mask
"""(T, height, width)."""
SCHEMA_VERSION: Final = 1
OBJECT, HUMAN = 0, 1
"""Column of ``SceneTracks.confidence`` and key of the reference's dict."""

_SCHEMA: Final = (
    ArraySpec("shape", (3,), "int"),
    ArraySpec("object_bits", ("bytes",), "int"),
    ArraySpec("human_bits", ("bytes",), "int"),
    ArraySpec("confidence", ("T", 2), finite=True),
    ArraySpec("flag_frames", ("flags",), "int"),
    ArraySpec("flag_reasons", ("flags",), "text"),
)


class TrackFlag(NamedTuple):
    """A frame at which the tracker doubts its result, and why."""

    frame: int
    reason: str


@dataclass(frozen=True)
class SceneTracks:
    """What is where in T frames of height x width pixels."""

    object_masks: Masks  # (T, height, width)
    human_masks: Masks  # (T, height, width)
    depth: NDArray[np.float32]  # (T, height, width), z-depth in meters, nan = unknown
    confidence: NDArray[np.float64]  # (T, 2), object and human in [0, 1]
    flags: tuple[TrackFlag, ...] = ()

    def __post_init__(self) -> None:
        shape = np.shape(self.object_masks)
        arrays = {"human_masks": self.human_masks, "depth": self.depth}
        for name, array in arrays.items():
            if len(shape) != 3 or array.shape != shape:
                raise ValueError(f"{name} is {array.shape} where object_masks is {shape}")
        if self.object_masks.dtype != bool or self.human_masks.dtype != bool:
            raise ValueError(
                f"masks are {self.object_masks.dtype} and {self.human_masks.dtype}, not bool"
            )
        if self.confidence.shape != (shape[0], 2):
            raise ValueError(f"confidence is {self.confidence.shape}, not ({shape[0]}, 2)")
        if not ((self.confidence >= 0) & (self.confidence <= 1)).all():
            raise ValueError("confidence has values outside of 0 to 1")
        if bad := [f.frame for f in self.flags if not 0 <= f.frame < shape[0]]:
            raise ValueError(f"flags name frames {bad}; the clip has 0 to {shape[0] - 1}")

    def __len__(self) -> int:
        return len(self.object_masks)

    def facts(self) -> dict[str, float]:
        """Figures that show at a glance how good the tracks are."""
        area = int(np.prod(self.object_masks.shape[1:]))
        return {
            "object_confidence_mean": float(self.confidence[:, OBJECT].mean()),
            "human_confidence_mean": float(self.confidence[:, HUMAN].mean()),
            "object_area_mean_px": float(self.object_masks.mean() * area),
            "human_area_mean_px": float(self.human_masks.mean() * area),
            "depth_known_fraction": float(np.isfinite(self.depth).mean()),
            "flags": len(self.flags),
        }

    def save(self, masks: Path, depth: Path) -> None:
        """Write the two files."""
        _write_masks(self, masks)
        _write_depth(self.depth, depth)

    @classmethod
    def load(cls, masks: Path, depth: Path) -> "SceneTracks":
        """Raises BadInputError when a file is not what ``save`` writes or they do not match."""
        fields = _read_masks(masks)
        found = read_depth(depth)
        if found.shape != fields["object_masks"].shape:
            raise BadInputError(
                f"{depth} holds depth {found.shape} where {masks} has "
                f"{fields['object_masks'].shape}; make scene_tracks again"
            )
        return cls(depth=found, **fields)


def read_depth(path: Path) -> NDArray[np.float32]:
    """(T, height, width) of a depth file, ours or the reference's. Raises BadInputError."""
    try:
        frames = torch.load(path, map_location="cpu", weights_only=True)
        return torch.stack([frame.float() for frame in frames]).numpy()
    except Exception as error:  # torch and pickle raise many kinds on a file that is not theirs
        raise BadInputError(f"{path} is not a list of depth tensors: {error}") from error


def _write_masks(tracks: SceneTracks, path: Path) -> None:
    pairs = zip(tracks.object_masks, tracks.human_masks, strict=True)
    reference = {frame: dict(enumerate(pair)) for frame, pair in enumerate(pairs)}
    save_arrays(
        path,
        pickled=("masks",),
        schema_version=SCHEMA_VERSION,
        shape=np.array(tracks.object_masks.shape),
        object_bits=np.packbits(tracks.object_masks),
        human_bits=np.packbits(tracks.human_masks),
        confidence=tracks.confidence,
        flag_frames=np.array([flag.frame for flag in tracks.flags], dtype=np.int64),
        flag_reasons=np.array([flag.reason for flag in tracks.flags], dtype=np.str_),
        masks=np.array(reference, dtype=object),
    )


def _read_masks(path: Path) -> dict[str, Any]:
    checked = read_arrays(path, "masks file", SCHEMA_VERSION, _SCHEMA, "scene_tracks")
    T, height, width = checked["shape"].tolist()
    if len(checked["confidence"]) != T:
        raise BadInputError(f"{path} has {T} frames and {len(checked['confidence'])} confidences")
    flags = zip(checked["flag_frames"].tolist(), checked["flag_reasons"].tolist(), strict=True)
    return {
        "object_masks": _unpack(path, checked["object_bits"], (T, height, width)),
        "human_masks": _unpack(path, checked["human_bits"], (T, height, width)),
        "confidence": checked["confidence"],
        "flags": tuple(TrackFlag(*flag) for flag in flags),
    }


def _unpack(path: Path, bits: NDArray[np.int64], shape: tuple[int, int, int]) -> Masks:
    count = int(np.prod(shape))
    if not ((bits >= 0) & (bits < 256)).all() or len(bits) != (count + 7) // 8:
        raise BadInputError(f"{path}: {len(bits)} bytes of masks do not fill {shape}")
    return np.unpackbits(bits.astype(np.uint8), count=count).reshape(shape).astype(bool)


def _write_depth(depth: NDArray[np.float32], path: Path) -> None:
    buffer = io.BytesIO()
    torch.save([torch.from_numpy(frame.astype(np.float16)) for frame in depth], buffer)
    with (
        zipfile.ZipFile(buffer) as raw,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
    ):
        for name in raw.namelist():
            # A fixed date, so that the same depth gives the same bytes.
            packed.writestr(zipfile.ZipInfo(name), raw.read(name), zipfile.ZIP_DEFLATED)
