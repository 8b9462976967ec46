"""The pose of frame 0, which the scene fixes, as a file beside the person's body."""

from pathlib import Path
from typing import Final

from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.formats.array_schema import (
    ArraySpec,
    check_arrays,
    load_arrays,
    save_arrays,
)

_FILE: Final = "first_frame.npz"
_SCHEMA: Final = (
    ArraySpec("rotations", (1, NUM_JOINTS, 3, 3), finite=True),
    ArraySpec("translation", (1, 3), finite=True),
)


def save_first_frame(motion: BodyMotion, person: Path) -> None:
    """Write a motion of one frame into the person's folder."""
    save_arrays(person / _FILE, rotations=motion.rotations, translation=motion.translation)


def load_first_frame(person: Path) -> BodyMotion:
    """The pose as a motion of one frame. Raises BadInputError for another file."""
    path = person / _FILE
    data = check_arrays(str(path), load_arrays(path, "pose of the first frame"), _SCHEMA)
    return BodyMotion(data["rotations"], data["translation"], 1.0)
