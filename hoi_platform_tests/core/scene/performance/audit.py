"""The laws of a performance, measured anew from what it stores.

Nothing here calls the generator's own laws, grids or kinematics: joints come from a plain loop
over the skeleton, distances from Warp's exact mesh queries, joint angles from SciPy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.limits import JOINT_LIMITS
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT, JOINT_NAMES, PARENTS
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.boxes import scene_parts
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.performance.kind import Performance
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform_tests.core.scene.performance.solids import Solid

_MOVING_M_S: Final = 0.002
"""A point of an object that rests is slower."""
_NEAR_M: Final = 0.03
_SURFACE_POINTS: Final = 1500


@dataclass(frozen=True)
class Act:
    """A performance with all that it was made from."""

    body: BodyModel
    spec: SceneSpec
    mesh: TriangleMesh  # meters, object coordinates
    performance: Performance

    @property
    def fps(self) -> float:
        return self.performance.motion.fps

    @cached_property
    def frames(self) -> tuple[Array, Array]:
        """World rotations (T, 55, 3, 3) and positions (T, 55, 3) of the joints."""
        motion, rest = self.performance.motion, self.body.rest_joints
        R, p = motion.rotations.copy(), np.empty((len(motion), len(rest), 3))
        p[:, 0] = motion.translation + rest[0]
        for joint, parent in list(enumerate(PARENTS))[1:]:
            p[:, joint] = p[:, parent] + R[:, parent] @ (rest[joint] - rest[parent])
            R[:, joint] = R[:, parent] @ motion.rotations[:, joint]
        return R, p

    @cached_property
    def vertices(self) -> Array:
        """(T, V, 3) of the skinned body, one joint after the other."""
        R, p = self.frames
        result = np.zeros((len(p), *self.body.rest_vertices.shape))
        for joint, center in enumerate(self.body.rest_joints):
            moved = np.flatnonzero(self.body.weights[:, joint])
            local = self.body.rest_vertices[moved] - center
            placed = local @ np.swapaxes(R[:, joint], -1, -2) + p[:, joint, None]
            result[:, moved] += self.body.weights[moved, joint][:, None] * placed
        return result

    @cached_property
    def object_distance(self) -> Array:
        """(T, V) of the body's vertices to the object's surface, capped at 3 cm."""
        R, t = self.object_frames
        local = (self.vertices - t[:, None]) @ R
        low, high = self.mesh.bounds
        near = ((local > low - _NEAR_M) & (local < high + _NEAR_M)).all(axis=-1)
        result = np.full(near.shape, _NEAR_M)
        if near.any():
            result[near] = Solid(self.mesh.vertices, self.mesh.faces).distance(local[near], _NEAR_M)
        return result

    @property
    def object_frames(self) -> tuple[Array, Array]:
        Ts = self.performance.Ts_world_object
        return Ts[:, :3, :3], Ts[:, :3, 3]

    def object_points(self, points: Array) -> Array:
        """Object points (N, 3) in the world (T, N, 3)."""
        R, t = self.object_frames
        return points @ np.swapaxes(R, -1, -2) + t[:, None]

    @cached_property
    def corners(self) -> Array:
        """(T, 8, 3) of the object's bounding box in the world."""
        low, high = self.mesh.bounds
        grid = np.stack(np.meshgrid(*zip(low, high, strict=True)), axis=-1)
        return self.object_points(grid.reshape(8, 3))

    def part(self, *names: str) -> np.ndarray:
        """Indices of the vertices that these joints move most."""
        joints = [JOINT[name] for name in names]
        return np.flatnonzero(np.isin(np.argmax(self.body.weights, axis=1), joints))

    def hand(self, side: str) -> np.ndarray:
        fingers = ("thumb", "index", "middle", "ring", "pinky")
        return self.part(f"{side}_wrist", *(f"{side}_{f}{i}" for f in fingers for i in (1, 2, 3)))


def body_in_object(act: Act) -> float:
    """Deepest vertex of the skin in the object, or point of the object in the body (m).

    The latter in every second frame in which they are near.
    """
    deepest = -float(act.object_distance.min())
    samples = act.mesh.sample_surface(_SURFACE_POINTS, np.random.default_rng(5))[0]
    points = act.object_points(samples)
    for t in np.flatnonzero(act.object_distance.min(axis=1) < 0.01)[::2]:
        skin = Solid(act.vertices[t], act.body.faces)
        deepest = max(deepest, -float(skin.distance(points[t]).min()))
    return max(deepest, 0.0)


def _depth(points: Array, boxes: list[BoxSpec]) -> float:
    """Deepest of points (..., 3) below the nearest face of a box (m)."""
    depths = [
        (np.array(box.size) / 2 - np.abs(points - np.array(box.pos))).min(axis=-1).max()
        for box in boxes
    ]
    return max(0.0, float(max(depths)))


def body_in_furniture(act: Act) -> float:
    """Deepest vertex in the table's top, its legs or other furniture (m)."""
    return _depth(act.vertices, scene_parts(act.spec))


def object_in_furniture(act: Act) -> float:
    """Deepest vertex of the object in the table or other furniture (m)."""
    return _depth(act.object_points(act.mesh.vertices), scene_parts(act.spec))


def arm_in_trunk(act: Act) -> float:
    """Deepest vertex of forearms and hands below the skin of trunk and head (m)."""
    arms = np.concatenate([np.r_[act.hand(s), act.part(f"{s}_elbow")] for s in ("left", "right")])
    trunk = act.part("pelvis", "spine1", "spine2", "spine3", "neck", "head")
    faces = act.body.faces[np.isin(act.body.faces, trunk).all(axis=1)]
    deepest = 0.0
    for t in range(0, len(act.vertices), 2):
        distance = Solid(act.vertices[t], faces).distance(act.vertices[t, arms], 0.2)
        deepest = max(deepest, -float(distance.min()))
    return deepest


def grip_gap(act: Act) -> float:
    """Largest distance of a hand from the object that it is labeled to hold (m)."""
    contact, gap = act.performance.contact, 0.0
    for column, side in enumerate(("left", "right")):
        distance = act.object_distance[:, act.hand(side)].min(axis=1)
        gap = max(gap, float(distance[contact[:, column]].max(initial=0.0)))
    return gap


def _object_speeds(act: Act) -> Array:
    """(T - 1,) of the fastest corner (m/s)."""
    return np.linalg.norm(np.diff(act.corners, axis=0), axis=-1).max(axis=1) * act.fps


def moved_by_nobody(act: Act) -> float:
    """Largest speed of the object between two frames without a labeled hand (m/s)."""
    held = act.performance.contact.any(axis=1)
    return float(_object_speeds(act)[~(held[:-1] | held[1:])].max(initial=0.0))


def slip(act: Act) -> float:
    """How far a wrist shifts in the object's frame while its hand alone moves the object (m)."""
    R, t = act.object_frames
    moving = np.r_[False, _object_speeds(act) > _MOVING_M_S]
    worst = 0.0
    for column, side in enumerate(("left", "right")):
        alone = act.performance.contact[:, column] & ~act.performance.contact[:, 1 - column]
        frames = np.flatnonzero(moving & alone)
        wrist = act.frames[1][frames, JOINT[f"{side}_wrist"]]
        local = ((wrist - t[frames])[:, None] @ R[frames])[:, 0]
        if len(local):
            worst = max(worst, float(np.linalg.norm(local - local[0], axis=-1).max()))
    return worst


def off_the_table(act: Act) -> float:
    """Largest distance of an object that nobody holds from the table's top (m).

    That is: of its lowest point from the plane, and of its center from the top's rectangle.
    """
    free = ~act.performance.contact.any(axis=1)
    (table,) = act.spec.supports
    points = act.object_points(act.mesh.vertices)[free]
    if not len(points):
        return 0.0
    gap = np.abs(points[..., 2].min(axis=1) - table.top).max()
    beside = np.abs(points.mean(axis=1)[:, :2] - np.array(table.pos[:2]))
    return float(max(gap, (beside - np.array(table.size[:2]) / 2).max()))


def _soles(act: Act) -> list[Array]:
    """Per foot (T, N, 3) the vertices that are within a centimeter of the lowest in frame 0."""
    feet = [act.vertices[:, act.part(f"{s}_ankle", f"{s}_foot")] for s in ("left", "right")]
    return [foot[:, foot[0, :, 2] < foot[0, :, 2].min() + 0.01] for foot in feet]


def foot_off_the_floor(act: Act) -> float:
    """Largest height or depth of a sole's lowest point over the floor z = 0 (m)."""
    return max(float(np.abs(sole[..., 2].min(axis=1)).max()) for sole in _soles(act))


def foot_slide(act: Act) -> float:
    """Largest speed of a sole along the floor (m/s); both feet stand all the time."""
    steps = [np.diff(sole[..., :2], axis=0) for sole in _soles(act)]
    return max(float(np.linalg.norm(step, axis=-1).max()) * act.fps for step in steps)


def joint_excess(act: Act) -> float:
    """How far a joint is out of its range (degrees), by quaternions."""
    worst = 0.0
    rotations = act.performance.motion.rotations
    for name, limit in JOINT_LIMITS.items():
        q = Rotation.from_matrix(rotations[:, JOINT[name]])
        xyzw = q.as_quat()
        along = 2 * np.arctan2(xyzw[:, :3] @ limit.bone, xyzw[:, 3])
        along = (along + np.pi) % (2 * np.pi) - np.pi
        twist = Rotation.from_rotvec(along[:, None] * limit.bone)
        swing = twist.inv() * q if limit.twist_first else q * twist.inv()
        angles = np.degrees(swing.as_rotvec() + along[:, None] * limit.bone)
        outside = np.maximum(limit.lower_deg - angles, 0) + np.maximum(angles - limit.upper_deg, 0)
        worst = max(worst, float(np.linalg.norm(outside, axis=1).max()))
    return worst


def joint_speed(act: Act) -> float:
    """Largest speed of a joint's position (m/s)."""
    return float(np.linalg.norm(np.diff(act.frames[1], axis=0), axis=-1).max()) * act.fps


def joint_acceleration(act: Act) -> float:
    """Largest acceleration of a joint's position (m/s²)."""
    second = np.diff(act.frames[1], n=2, axis=0)
    return float(np.linalg.norm(second, axis=-1).max()) * act.fps**2


def turning_speed(act: Act) -> float:
    """Largest angular speed of any joint against its parent (rad/s)."""
    rotations = act.performance.motion.rotations
    steps = np.swapaxes(rotations[:-1], -1, -2) @ rotations[1:]
    angles = Rotation.from_matrix(steps.reshape(-1, 3, 3)).magnitude()
    return float(angles.max()) * act.fps


def object_speed(act: Act) -> float:
    """Largest speed of a corner of the object's box (m/s)."""
    return float(_object_speeds(act).max())


def object_acceleration(act: Act) -> float:
    """Largest acceleration of a corner of the object's box (m/s²)."""
    second = np.diff(act.corners, n=2, axis=0)
    return float(np.linalg.norm(second, axis=-1).max()) * act.fps**2


def not_rigid(act: Act) -> float:
    """Largest departure of a rotation from RᵀR = 1 and det R = 1; infinite where not finite."""
    R = np.concatenate([act.performance.motion.rotations.reshape(-1, 3, 3), act.object_frames[0]])
    rest = [act.performance.motion.translation, act.object_frames[1]]
    if not all(np.isfinite(values).all() for values in (R, *rest)):
        return float("inf")
    gram = np.abs(np.swapaxes(R, -1, -2) @ R - np.eye(3)).max()
    return float(max(gram, np.abs(np.linalg.det(R) - 1).max()))


def phase_gap(act: Act) -> float:
    """Largest gap between phases, or between them and the clip (s)."""
    phases = act.performance.phases
    ends = [0.0, *(end for _, _, end in phases)]
    starts = [*(start for _, start, _ in phases), (len(act.vertices) - 1) / act.fps]
    lengths = [end - start for _, start, end in phases]
    return float(max(np.abs(np.array(ends) - starts).max(), -min(lengths)))


class Law(NamedTuple):
    """What must not exceed ``limit``; ``unit`` is that of both."""

    value: Callable[[Act], float]
    limit: float
    unit: str


LAWS: Final[dict[str, Law]] = {
    law.value.__name__: law
    for law in (
        Law(body_in_object, 0.010, "m"),
        Law(body_in_furniture, 0.008, "m"),
        Law(object_in_furniture, 0.008, "m"),
        Law(arm_in_trunk, 0.015, "m"),
        Law(grip_gap, 0.003, "m"),
        Law(moved_by_nobody, _MOVING_M_S, "m/s"),
        Law(slip, 0.001, "m"),
        Law(off_the_table, 0.002, "m"),
        Law(foot_off_the_floor, 0.003, "m"),
        Law(foot_slide, 0.002, "m/s"),
        Law(joint_excess, 2.0, "degrees"),
        Law(joint_speed, 4.0, "m/s"),
        Law(joint_acceleration, 40.0, "m/s²"),
        Law(turning_speed, 15.0, "rad/s"),
        Law(object_speed, 3.0, "m/s"),
        Law(object_acceleration, 30.0, "m/s²"),
        Law(not_rigid, 1e-6, ""),
        Law(phase_gap, 1e-9, "s"),
    )
}


def audit(act: Act) -> dict[str, float]:
    """Every law's value."""
    return {name: law.value(act) for name, law in LAWS.items()}


def broken(act: Act) -> dict[str, float]:
    """The values of the laws that do not hold; a value that is no number breaks its law."""
    return {n: v for n, v in audit(act).items() if not v <= LAWS[n].limit}


assert set(JOINT_LIMITS) | {"pelvis"} == set(JOINT_NAMES)
