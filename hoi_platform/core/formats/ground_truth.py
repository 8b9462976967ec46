"""The truth of a simulated clip, kept apart from everything that a reconstruction may read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.formats.array_schema import ArraySpec, read_arrays, save_arrays

SCHEMA_VERSION: Final = 1

_SCHEMA: Final = (
    ArraySpec("rotations", ("T", NUM_JOINTS, 3, 3), finite=True),
    ArraySpec("translation", ("T", 3), finite=True),
    ArraySpec("fps", ()),
    ArraySpec("Ts_world_object", ("T", 4, 4), finite=True),
    ArraySpec("contact", ("T", 2), "bool"),
    ArraySpec("mask_shape", (3,), "int"),
    ArraySpec("object_bits", ("B",), "int"),
    ArraySpec("human_bits", ("B",), "int"),
)


@dataclass(frozen=True)
class GroundTruth:
    """T frames of what really happened, in the world of the clip's scene."""

    motion: BodyMotion
    Ts_world_object: Array  # (T, 4, 4)
    contact: NDArray[np.bool_]  # (T, 2), left and right hand hold the object
    object_masks: NDArray[np.bool_]  # (T, H, W)
    human_masks: NDArray[np.bool_]  # (T, H, W)

    def save(self, path: Path) -> None:
        """Write as a compressed npz without pickle; masks are packed to bits."""
        save_arrays(
            path,
            schema_version=SCHEMA_VERSION,
            rotations=self.motion.rotations,
            translation=self.motion.translation,
            fps=self.motion.fps,
            Ts_world_object=self.Ts_world_object,
            contact=self.contact,
            mask_shape=np.array(self.object_masks.shape),
            object_bits=np.packbits(self.object_masks),
            human_bits=np.packbits(self.human_masks),
        )

    @classmethod
    def load(cls, path: Path) -> "GroundTruth":
        """Raises BadInputError when the file is not one of this schema."""
        checked = read_arrays(path, "ground truth", SCHEMA_VERSION, _SCHEMA, "interaction_video")
        shape = tuple(int(n) for n in checked["mask_shape"])
        return cls(
            BodyMotion(checked["rotations"], checked["translation"], float(checked["fps"])),
            checked["Ts_world_object"],
            checked["contact"],
            _unpacked(checked["object_bits"], shape),
            _unpacked(checked["human_bits"], shape),
        )


def _unpacked(bits: NDArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    count = int(np.prod(shape))
    return np.unpackbits(bits.astype(np.uint8), count=count).astype(bool).reshape(shape)
