"""Small synthetic people, objects and clips for the tests of formats, filters, metrics, viewer."""

from collections.abc import Mapping

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT_NAMES, NUM_JOINTS
from hoi_platform.core.formats.contact_record import ContactPoints, ContactRecord, HandContact
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.parts import BoxSpec

TABLE = BoxSpec(pos=(0.5, 1.2, 0.375), size=(1.0, 0.6, 0.75), name="table")
# Rest frame: +x left, +y up, +z forward, pelvis at the origin (m).
_REST: Mapping[str, tuple[float, float, float]] = {
    "left_hip": (0.09, -0.06, 0.0),
    "left_knee": (0.09, -0.46, 0.0),
    "left_ankle": (0.09, -0.86, 0.0),
    "left_foot": (0.09, -0.92, 0.12),
    "spine1": (0.0, 0.12, 0.0),
    "spine2": (0.0, 0.25, 0.0),
    "spine3": (0.0, 0.34, 0.0),
    "neck": (0.0, 0.50, 0.0),
    "head": (0.0, 0.60, 0.02),
    "jaw": (0.0, 0.62, 0.06),
    "left_eye": (0.03, 0.67, 0.08),
    "left_collar": (0.06, 0.46, 0.0),
    "left_shoulder": (0.18, 0.46, 0.0),
    "left_elbow": (0.44, 0.46, 0.0),
    "left_wrist": (0.68, 0.46, 0.0),
}
PELVIS_HEIGHT = 0.95
# Rest frame → world: facing world +y, as a person whose T_world_person is the identity.
R_WORLD_REST = np.array([[-1.0, 0, 0], [0, 0, 1], [0, 1, 0]])


def stick_body(radius: float = 0.03) -> BodyModel:
    """An octahedron around every joint: 6 vertices each, moved by it alone."""
    rest = np.array([_rest(name) for name in JOINT_NAMES])
    corners = radius * np.concatenate([np.eye(3), -np.eye(3)])
    faces = np.array(
        [[i, j, k] for i, j, k in ((0, 1, 2), (1, 3, 2), (3, 4, 2), (4, 0, 2))]
        + [[j, i, k] for i, j, k in ((0, 1, 5), (1, 3, 5), (3, 4, 5), (4, 0, 5))]
    )
    vertices = (rest[:, None] + corners).reshape(-1, 3)
    all_faces = np.concatenate([faces + 6 * j for j in range(NUM_JOINTS)])
    return BodyModel("stick", vertices, all_faces, rest, np.repeat(np.eye(NUM_JOINTS), 6, axis=0))


def _rest(name: str) -> tuple[float, float, float]:
    if name == "pelvis":
        return (0.0, 0.0, 0.0)
    if name.startswith("right_"):
        x, y, z = _rest("left_" + name.removeprefix("right_"))
        return (-x, y, z)
    if name in _REST:
        return _REST[name]
    finger, segment = name.removeprefix("left_")[:-1], int(name[-1])
    row = ("thumb", "index", "middle", "ring", "pinky").index(finger)
    x, y, z = _REST["left_wrist"]
    return (x + 0.05 + 0.02 * segment, y, z + 0.03 - 0.015 * row)


def standing(
    frames: int, fps: float = 24.0, position: tuple[float, float] = (0.0, 0.0)
) -> BodyMotion:
    """A T-pose on the ground that faces +y."""
    rotations = np.tile(np.eye(3), (frames, NUM_JOINTS, 1, 1))
    rotations[:, 0] = R_WORLD_REST
    translation = np.tile([*position, PELVIS_HEIGHT], (frames, 1))
    return BodyMotion(rotations, translation.astype(float), fps)


def moving(frames: int, rng: np.random.Generator, fps: float = 24.0) -> BodyMotion:
    """A smooth random motion of every joint around the standing pose."""
    base = standing(frames, fps)
    phase = rng.uniform(0, 2 * np.pi, (NUM_JOINTS, 3))
    size = rng.uniform(0, 0.3, (NUM_JOINTS, 3))
    angles = size * np.sin(np.linspace(0, 4, frames)[:, None, None] + phase)
    drift = 0.1 * np.sin(np.linspace(0, 3, frames)[:, None] + phase[0])
    return BodyMotion(
        base.rotations @ matrix_from_axis_angle(angles), base.translation + drift, fps
    )


def box_mesh(size: tuple[float, float, float] = (0.1, 0.1, 0.1)) -> tuple[Array, np.ndarray]:
    """(8, 3) vertices and (12, 3) outward faces of a box around the origin."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 2
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [tri for a, b, c, d in quads for tri in ((a, b, c), (a, c, d))]
    return corners * size, np.array(faces)


def object_path(frames: int, start: tuple[float, float, float], lift: float = 0.2) -> Array:
    """(T, 4, 4): a smooth lift and half a turn about +z, at rest at both ends."""
    s = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, frames))
    R = matrix_from_axis_angle(s[:, None] * [0, 0, np.pi / 2])
    return rigid(R, np.array(start) + s[:, None] * [0, 0, lift])


def sample_hoi(frames: int = 12, seed: int = 0) -> HoiData:
    """A clip with every field filled."""
    rng = np.random.default_rng(seed)
    touched = {3: rng.normal(size=(4, 3)), 5: rng.normal(size=(2, 3))}
    return HoiData.of(
        stick_body(),
        moving(frames, rng),
        Ts_world_object=object_path(frames, (0.4, 1.2, 0.8)),
        obj_scale=np.array([2.5, 2.5, 2.5]),
        contact_points=ContactPoints(HandContact.from_frames({}), HandContact.from_frames(touched)),
        contact=ContactRecord(
            (("right_wrist",), ("right_wrist", "left_wrist")),
            8,
            2,
            rng.random((frames, 2)) > 0.5,
            rng.random((frames, 2)),
        ),
        joint_confidence=rng.random((frames, NUM_JOINTS)),
        betas=rng.random(6),
        supports=(TABLE,),
        meta={"obj_path": "mesh/model.obj"},
        eval_data={"keypoint_tracking": 0.7, "contact": 0.02},
    )
