"""A performance: what a person does in a scene, before any video shows it. Ground truth."""

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
    ArraySpec("finger_tips", ("T", 2, 5, 3), finite=True),
    ArraySpec("finger_tip_vertices", (2, 5), "int"),
    ArraySpec("phase_names", ("P",), "text"),
    ArraySpec("phase_times", ("P", 2), finite=True),
)


@dataclass(frozen=True)
class StoredPerformance:
    """T frames, in the world of the clip's scene."""

    motion: BodyMotion
    Ts_world_object: Array  # (T, 4, 4)
    contact: NDArray[np.bool_]  # (T, 2), left and right hand hold the object
    finger_tips: Array
    """(T, 2, 5, 3) world positions in meters: left and right; thumb, index, middle, ring, little.
    Points of the skin, the vertices ``finger_tip_vertices`` of the clip's body."""
    finger_tip_vertices: NDArray[np.int64]  # (2, 5)
    phases: tuple[tuple[str, float, float], ...]
    """(name, start, end) in seconds, without gaps."""

    def __len__(self) -> int:
        return len(self.motion)

    def save(self, path: Path) -> None:
        """Write as a compressed npz without pickle."""
        names, times = [p[0] for p in self.phases], [p[1:] for p in self.phases]
        save_arrays(
            path,
            schema_version=SCHEMA_VERSION,
            rotations=self.motion.rotations,
            translation=self.motion.translation,
            fps=self.motion.fps,
            Ts_world_object=self.Ts_world_object,
            contact=self.contact,
            finger_tips=self.finger_tips,
            finger_tip_vertices=self.finger_tip_vertices,
            phase_names=np.array(names, np.str_),
            phase_times=np.array(times, float).reshape(-1, 2),
        )

    @classmethod
    def load(cls, path: Path) -> "StoredPerformance":
        """Raises BadInputError when the file is not one of this schema."""
        checked = read_arrays(path, "performance", SCHEMA_VERSION, _SCHEMA, "performance")
        times = zip(checked["phase_names"], checked["phase_times"], strict=True)
        return cls(
            BodyMotion(checked["rotations"], checked["translation"], float(checked["fps"])),
            checked["Ts_world_object"],
            checked["contact"],
            checked["finger_tips"],
            checked["finger_tip_vertices"],
            tuple((str(name), float(start), float(end)) for name, (start, end) in times),
        )
