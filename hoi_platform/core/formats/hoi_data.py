"""The result of a reconstruction: how the person moved, where the object went, where they touched.

Frames: the raw result lives in the world of the clip's ``SceneSpec``. The packaged result is
shifted so that its origin lies on the ground below the middle of the table (below the object's
first position where there is no table); axes and the ground z = 0 stay. Its ``meta`` holds the
shift under ``packaged_origin_world``: the packaged origin in scene coordinates.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import torch

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import ArraySpec, check_arrays
from hoi_platform.core.formats.contact_record import ContactPoints, ContactRecord
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec, table_of

FK_TOLERANCE_M: Final = 1e-4
"""Largest distance between a stored joint and forward kinematics of what is stored (m); chosen:
above float32's rounding, below anything visible."""

PACKAGED_ORIGIN: Final = "packaged_origin_world"

JOINT_CONFIDENCE: Final = ArraySpec("joint_confidence", ("T", NUM_JOINTS), finite=True)
_SCHEMA: Final = (
    ArraySpec("translation", ("T", 3)),
    ArraySpec("joints", ("T", NUM_JOINTS, 3)),
    ArraySpec("rest_joints", (NUM_JOINTS, 3), finite=True),
    ArraySpec("Ts_world_object", ("T", 4, 4)),
    ArraySpec("obj_scale", (3,), finite=True),
    ArraySpec("betas", ("B",), finite=True),
)


@dataclass(frozen=True)
class HoiData:
    """T frames of one human-object interaction (meters, radians, world +z up)."""

    motion: BodyMotion
    rest_joints: Array
    """(55, 3) joints of the T-pose, pelvis at the origin."""
    joints: Array
    """(T, 55, 3); forward kinematics of ``motion`` on ``rest_joints``."""
    Ts_world_object: Array
    """(T, 4, 4) poses of the object after ``obj_scale``."""
    obj_scale: Array
    """(3,) mesh units to meters."""
    contact_points: ContactPoints
    contact: ContactRecord
    joint_confidence: Array | None = None
    """(T, 55) in [0, 1]: how well the video supports each joint; None where it was not measured."""
    betas: Array = field(default_factory=lambda: np.zeros(0))
    """Shape coefficients; for Anny the phenotype values, named in ``meta['shape_names']``."""
    scale: float = 1.0
    """Uniform scale of the body, already contained in ``rest_joints``."""
    supports: tuple[BoxSpec | MeshSpec, ...] = ()
    """What object and person may rest on besides the ground, in the result's world."""
    meta: dict[str, Any] = field(default_factory=dict)
    """Plain JSON values: paths, backends, intervals."""
    eval_data: dict[str, float] = field(default_factory=dict)
    """Final value of each term of the optimizer, unweighted."""

    def __post_init__(self) -> None:
        values = {name: getattr(self, name) for name in ("joints", "rest_joints", "obj_scale")}
        values |= {
            "translation": self.motion.translation,
            "Ts_world_object": self.Ts_world_object,
            "betas": self.betas,
        }
        check_arrays("hoi_data", values, _SCHEMA)
        if self.joint_confidence is not None:
            named = {"joints": self.joints, "joint_confidence": self.joint_confidence}
            check_arrays("hoi_data", named, (_SCHEMA[1], JOINT_CONFIDENCE))
        if len(self.contact.hands) != len(self):
            raise BadInputError(
                f"hoi_data: contact.hands has {len(self.contact.hands)} frames of {len(self)}"
            )

    def __len__(self) -> int:
        return len(self.motion)

    @classmethod
    def of(cls, body: BodyModel, motion: BodyMotion, **fields: Any) -> "HoiData":
        """Fill ``rest_joints`` and ``joints`` from the body that was fitted."""
        return cls(motion, body.rest_joints, motion.joints(body), **fields)

    @cached_property
    def fk_error_m(self) -> float:
        """Largest distance of a stored joint from forward kinematics of the stored pose (m)."""
        return float(np.linalg.norm(self.replayed_joints() - self.joints, axis=-1).max(initial=0))

    def replayed_joints(self) -> Array:
        """(T, 55, 3) joints from rotations, translations and rest joints alone."""
        skeleton = BodyModel(
            "skeleton",
            np.zeros((0, 3)),
            np.zeros((0, 3), dtype=np.int64),
            self.rest_joints,
            np.zeros((0, NUM_JOINTS)),
        )
        rotations = torch.as_tensor(self.motion.rotations)
        return skeleton.pose(rotations, torch.as_tensor(self.motion.translation)).joints.numpy()

    def check_kinematics(self) -> None:
        """Raises BadInputError when stored joints and stored pose disagree (or are not finite)."""
        if not self.fk_error_m <= FK_TOLERANCE_M:
            raise BadInputError(
                f"hoi_data: joints lie {1000 * self.fk_error_m:.3g} mm from forward kinematics of "
                f"the stored pose; allowed are {1000 * FK_TOLERANCE_M:g} mm. Recompute them with "
                "motion.joints(body)"
            )

    def first(self, frames: int) -> "HoiData":
        """The first frames alone."""
        cut = slice(0, frames)
        return replace(
            self,
            motion=self.motion[cut],
            joints=self.joints[cut],
            Ts_world_object=self.Ts_world_object[cut],
            joint_confidence=None if self.joint_confidence is None else self.joint_confidence[cut],
            contact_points=self.contact_points.first(frames),
            contact=self.contact.first(frames),
        )

    def shifted(self, offset: Array) -> "HoiData":
        """The same clip with ``offset`` (3,) meters added to every world position."""
        Ts = self.Ts_world_object.copy()
        Ts[:, :3, 3] += offset
        return replace(
            self,
            motion=replace(self.motion, translation=self.motion.translation + offset),
            joints=self.joints + offset,
            Ts_world_object=Ts,
            supports=tuple(part.shifted(offset) for part in self.supports),
        )

    def packaged(self) -> "HoiData":
        """In the frame of the packaged result (module docstring)."""
        table = table_of(self.supports)
        anchor = self.Ts_world_object[0, :3, 3] if table is None else np.array(table.pos)
        origin = anchor * [1.0, 1.0, 0.0]
        meta = self.meta | {PACKAGED_ORIGIN: origin.tolist()}
        return replace(self.shifted(-origin), meta=meta)

    def unpackaged(self) -> "HoiData":
        """Back in the world of the clip's scene; a raw result stays as it is."""
        if PACKAGED_ORIGIN not in self.meta:
            return self
        meta = {key: value for key, value in self.meta.items() if key != PACKAGED_ORIGIN}
        return replace(self.shifted(np.array(self.meta[PACKAGED_ORIGIN])), meta=meta)
