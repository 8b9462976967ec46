"""The columns of a release's two tables: their types, shapes, units and meanings."""

from dataclasses import dataclass, fields
from typing import Final, Literal

from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.metrics.clip import ClipAccuracy

SCHEMA_VERSION: Final = 1
Kind = Literal["string", "bool", "int32", "int64", "float32", "float64", "image"]


@dataclass(frozen=True)
class Column:
    """One column; a clip or frame that lacks it has null."""

    name: str
    kind: Kind
    meaning: str
    shape: tuple[int | None, ...] = ()
    """Of one cell; None: any length."""
    may_lack: bool = False
    """Whether a clip or frame may have null there."""

    @property
    def stored_shape(self) -> tuple[int | None, ...]:
        """The lengths that its Parquet type fixes: none where there may be null, since Arrow cannot
        read a null list of a fixed length back (Arrow 23).
        """
        return (None,) * len(self.shape) if self.may_lack else self.shape

    @property
    def type_text(self) -> str:
        """``float32 (55, 3)``."""
        sizes = ", ".join("n" if size is None else str(size) for size in self.shape)
        return f"{self.kind} ({sizes})" if self.shape else self.kind


_MATRIX: Final = (4, 4)
"""Shape (number of rows and columns) of a rigid transform, by definition."""
_ACCURACY: Final = "against the truth of a simulated video; null without one"

CLIPS: Final = (
    Column("poster", "image", "a picture of the clip"),
    Column("clip_id", "string", "identity of the clip in this release"),
    Column("episode_index", "int32", "number of the clip in its split, from 0"),
    Column("object", "string", "`<dataset>/<category>`; never in two splits"),
    Column("task", "string", "what the person does with it"),
    Column("character", "string", "who acts"),
    Column("scene", "string", "where"),
    Column("seed", "int32", "random variant"),
    Column("fps", "float32", "frames per second"),
    Column("frames", "int32", "frames in the table of frames: the first ones of the video"),
    Column("video", "string", "path of the MP4 in this release"),
    Column("mesh", "string", "path of the OBJ in this release; +z up, mesh units"),
    Column("object_scale", "float32", "meters per mesh unit along x, y, z", (3,)),
    Column("object_shape", "string", "identity of the shape, whatever its size and colors"),
    Column("commercial_ok", "bool", "whether everything it was made from permits commercial use"),
    Column("licenses", "string", "`part: license` of everything it was made from", (None,)),
    Column("video_backend", "string", "what made the video"),
    Column("stages", "string", "JSON: stage → backend and version that made it"),
    Column("rest_joints", "float32", "T-pose, pelvis at the origin, m", (NUM_JOINTS, 3)),
    Column("body_shape", "float32", "shape coefficients of the body model", (None,)),
    Column("camera_focal_px", "float32", "focal length in pixels; principal point: the center"),
    Column("camera_size_px", "int32", "width and height of the video in pixels", (2,), True),
    Column(
        "T_world_camera", "float32", "camera pose (x right, y down, z forward), m", _MATRIX, True
    ),
    Column("supports", "string", "JSON: boxes and meshes that object and person may rest on"),
    Column("contact_labels", "string", "joints in contact per interval", (None, None)),
    Column("contact_interval", "int32", "frames per interval of `contact_labels`"),
    Column("contact_start_frame", "int32", "frame at which the first interval starts"),
    Column("checks", "string", "JSON: every check of the filter with value and threshold"),
    Column("fingerprint", "string", "of the verdict: inputs, settings and code"),
    *(
        Column(f"accuracy_{field.name}", "float64", _ACCURACY)
        for field in fields(ClipAccuracy)
        if field.name != "frames"
    ),
)
"""One row per clip."""

FRAMES: Final = (
    Column("clip_id", "string", "the clip"),
    Column("episode_index", "int32", "its number in the table of clips"),
    Column("frame_index", "int32", "number of the frame in the video, from 0"),
    Column("timestamp", "float32", "seconds from the first frame"),
    Column("index", "int64", "number of the row in its split, from 0"),
    Column("body_rotations", "float32", "local rotations, axis-angle, rad", (NUM_JOINTS, 3)),
    Column("body_translation", "float32", "pelvis in the world, m", (3,)),
    Column("joints", "float32", "joints in the world, m", (NUM_JOINTS, 3)),
    Column("joint_confidence", "float32", "how well seen, 0 to 1", (NUM_JOINTS,), True),
    Column("T_world_object", "float32", "pose of the scaled object in the world, m", _MATRIX),
    Column("hand_contact", "bool", "left and right hand touch the object", (2,)),
    Column("hand_contact_confidence", "float32", "0 to 1; 0 without contact", (2,), True),
    Column("left_hand_points", "float32", "touched points, object coordinates, m", (None, 3)),
    Column("right_hand_points", "float32", "touched points, object coordinates, m", (None, 3)),
)
"""One row per frame."""
