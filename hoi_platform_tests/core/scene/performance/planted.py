"""A performance that keeps every law by construction, and one way to break each by a known amount.

A stick figure in T-pose has its left hand a millimeter above a block on a table; it lifts the
block by raising the arm. Every joint is an octahedron, so that all distances are arithmetic.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.limits import JOINT_LIMITS
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import inverse, rigid
from hoi_platform.core.scene.boxes import box_mesh
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.performance.kind import Performance
from hoi_platform.core.scene.spec import CameraSpec, RoomSpec, SceneSpec
from hoi_platform_tests.core.scene.performance.audit import Act
from hoi_platform_tests.core.scene.scenes import standard_scene
from hoi_platform_tests.hoi_samples import standing, stick_body

FRAMES, FPS = 25, 12.0
GAP_M = 0.001
_RADIUS = 0.03
_HAND_Z = 0.95 + 0.46 - _RADIUS
"""The lowest points of the hand."""
_BLOCK = np.array([0.1, 0.1, 0.1])
_AT = np.array([-0.75, 0.0, _HAND_Z - GAP_M - _BLOCK[2] / 2])
_TOP = _AT[2] - _BLOCK[2] / 2
_LABELED, _LIFTED = 4, 6
_UP, _EAST = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True)
class Staging:
    """What a plant may change; the defaults break nothing."""

    lift: Array = field(default_factory=lambda: _lift(0.5))
    """(T,) the left arm's angle over the horizontal (rad); the block goes along."""
    turns: dict[str, Array] = field(default_factory=dict)
    """Rotation vectors (T, 3) of further joints."""
    block_rise: float = 0.0
    """How much higher the block is (m), its bottom staying where it is."""
    drift: Array = field(default_factory=lambda: np.zeros(FRAMES))
    """(T,) how far the block has slid along its own x (m)."""
    table_drop: float = 0.0
    furniture: tuple[BoxSpec, ...] = ()
    body: BodyModel = field(default_factory=stick_body)


def _lift(angle: float) -> Array:
    u = np.clip((np.arange(FRAMES) - _LIFTED) / 14.0, 0, 1)
    return angle * u**3 * (10 - 15 * u + 6 * u**2)


def staged(staging: Staging | None = None) -> Act:
    """The performance of a staging."""
    staging = staging or Staging()
    motion = standing(FRAMES, FPS)
    rotations = motion.rotations.copy()
    raised = np.zeros((FRAMES, 3))
    raised[:, 2] = staging.lift
    for name, turn in {"left_shoulder": raised, **staging.turns}.items():
        rotations[:, JOINT[name]] = matrix_from_axis_angle(turn)
    motion = BodyMotion(rotations, motion.translation, FPS)
    contact = np.zeros((FRAMES, 2), dtype=bool)
    contact[_LABELED:, 0] = True
    phases = [("stand", 0.0, 0.5), ("carry", 0.5, (FRAMES - 1) / FPS)]
    low, high = _AT - _BLOCK / 2, _AT + _BLOCK / 2 + staging.block_rise * _UP
    block = box_mesh(BoxSpec(pos=tuple((low + high) / 2 - _AT), size=tuple(high - low)))
    Ts = _carried(staging, motion)
    return Act(staging.body, _spec(staging), block, Performance(motion, Ts, contact, phases))


def _carried(staging: Staging, motion: BodyMotion) -> Array:
    """The block's poses (T, 4, 4): fixed to the wrist, but for its drift."""
    wrist = motion.joints(staging.body)[:, JOINT["left_wrist"]]
    # Seen from the front, the arm that rises on the left turns about +y of the world.
    R = matrix_from_axis_angle(staging.lift[:, None] * np.array([0.0, 1.0, 0.0]))
    Ts = rigid(R, wrist) @ inverse(rigid(np.eye(3), wrist[0])) @ rigid(np.eye(3), _AT)
    Ts[:, :3, 3] += staging.drift[:, None] * Ts[:, :3, 0]
    return Ts


def _spec(staging: Staging) -> SceneSpec:
    camera = standard_scene().spec.camera
    top = _TOP - staging.table_drop
    return SceneSpec(
        clip_id="laws/block/stick",
        scene="laws",
        character="stick",
        seed=1,
        camera=CameraSpec.model_validate(camera.model_dump()),
        room=RoomSpec(),
        supports=[
            BoxSpec(pos=(_AT[0], 0.0, top - 0.015), size=(0.4, 0.4, 0.03), name="table", legs=True)
        ],
        statics=list(staging.furniture),
        lights=[],
        object_scale=(1.0, 1.0, 1.0),
        T_world_object=rigid(np.eye(3), _AT).tolist(),
        T_world_person=np.eye(4).tolist(),
    )


def _with(act: Act, **changes: object) -> Act:
    return replace(act, performance=replace(act.performance, **changes))


def _vertex(body: BodyModel, joint: str, direction: Array) -> int:
    """The corner of a joint's octahedron that points along ``direction``."""
    own = np.flatnonzero(body.weights[:, JOINT[joint]])
    offset = body.rest_vertices[own] - body.rest_joints[JOINT[joint]]
    return int(own[np.argmax(offset @ direction)])


def _moved_vertex(joint: str, direction: Array, to: Callable[[Array], Array]) -> BodyModel:
    body = stick_body()
    vertices = body.rest_vertices.copy()
    index = _vertex(body, joint, direction)
    vertices[index] = to(vertices[index])
    return replace(body, rest_vertices=vertices)


def _still(joint: str, axis: int, angle: float) -> Staging:
    turn = np.zeros((FRAMES, 3))
    turn[:, axis] = angle
    return Staging(turns={joint: turn})


def body_in_object(amount: float) -> Act:
    """The block is so high that the hand's lowest corners are in it."""
    return staged(Staging(block_rise=GAP_M + amount))


def grip_gap(amount: float) -> Act:
    """The block is so low that the hand does not reach it."""
    return staged(Staging(block_rise=GAP_M - amount))


def body_in_furniture(amount: float) -> Act:
    """A shelf comes down to the eyes."""
    top = 0.95 + 0.67 + _RADIUS
    shelf = BoxSpec(pos=(0.0, 0.08, top - amount + 0.05), size=(0.2, 0.2, 0.1))
    return staged(Staging(furniture=(shelf,)))


def object_in_furniture(amount: float) -> Act:
    """A book stands in the block's side."""
    edge = _AT[1] + _BLOCK[1] / 2
    book = BoxSpec(pos=(_AT[0], edge - amount + 0.05, _TOP), size=(0.2, 0.1, 0.1))
    return staged(Staging(furniture=(book,)))


def arm_in_trunk(amount: float) -> Act:
    """A corner of the right thumb is in the pelvis, that deep below one of its faces."""
    inward = _RADIUS / np.sqrt(3) - amount
    body = _moved_vertex("right_thumb3", _UP, lambda _: inward * np.ones(3) / np.sqrt(3))
    return staged(Staging(body=body))


def moved_by_nobody(amount: float) -> Act:
    """The block slides before a hand is labeled."""
    slid = np.minimum(np.arange(FRAMES), _LABELED) * amount / FPS
    return staged(Staging(drift=slid))


def slip(amount: float) -> Act:
    """The block slides below the hand while it is carried."""
    return staged(Staging(drift=amount * _lift(1.0)))


def off_the_table(amount: float) -> Act:
    """The table is too low."""
    return staged(Staging(table_drop=amount))


def foot_off_the_floor(amount: float) -> Act:
    """A sole is below the floor."""
    body = _moved_vertex("left_foot", -np.eye(3)[1], lambda p: p - [0, amount, 0])
    return staged(Staging(body=body))


def foot_slide(amount: float) -> Act:
    """A foot turns on the spot, its sole's corner 10 cm from the axis."""
    body = _moved_vertex("left_foot", -np.eye(3)[1], lambda p: p + 0.1 * np.eye(3)[2])
    step = 2 * np.arcsin(amount / FPS / 0.2)
    turn = np.zeros((FRAMES, 3))
    turn[:, 1] = np.minimum(np.arange(FRAMES), 4) * step
    return staged(Staging(body=body, turns={"left_foot": turn}))


def joint_excess(amount: float) -> Act:
    """An eye looks too far down."""
    limit = JOINT_LIMITS["left_eye"].upper_deg[0]
    return staged(_still("left_eye", 0, np.radians(limit + amount)))


def joint_speed(amount: float) -> Act:
    """The right arm swings down."""
    lever = _lever("right_shoulder", _fingers("right"))
    shares = np.array([1, 2, 3, 2, 1]) / 3
    return staged(Staging(turns={"right_shoulder": _swing(shares * amount, lever)}))


def _fingers(side: str) -> list[str]:
    return [f"{side}_{finger}3" for finger in ("thumb", "index", "middle", "ring", "pinky")]


def _lever(joint: str, others: list[str]) -> float:
    """Largest distance of other joints from a joint's z axis at rest."""
    rest = stick_body().rest_joints
    offset = rest[[JOINT[name] for name in others]] - rest[JOINT[joint]]
    return float(np.linalg.norm(offset[:, :2], axis=1).max())


def _swing(speeds: Array, lever: float, start: int = 8) -> Array:
    """(T, 3) turns about z in which a point on the lever has these speeds (m/s), frame by frame."""
    steps = np.zeros(FRAMES)
    steps[start : start + len(speeds)] = 2 * np.arcsin(speeds / FPS / (2 * lever))
    turn = np.zeros((FRAMES, 3))
    turn[:, 2] = np.cumsum(steps)
    return turn


def joint_acceleration(amount: float) -> Act:
    """The right hand twitches for one frame: the second difference is twice the shift."""
    lever = _lever("right_elbow", _fingers("right"))
    turn = np.zeros((FRAMES, 3))
    turn[12, 2] = 2 * np.arcsin(amount / FPS**2 / (4 * lever))
    # The elbow's range is along y; about z the stick's hinge would leave it.
    return staged(Staging(turns={"right_elbow": turn[:, [0, 2, 1]] * [1, 1, 0]}))


def turning_speed(amount: float) -> Act:
    """An eye jumps from one side to the other."""
    turn = np.zeros((FRAMES, 3))
    half = amount / FPS / 2
    turn[:, 1] = np.where(np.arange(FRAMES) < 12, -half, half)
    return staged(Staging(turns={"left_eye": turn}))


def object_speed(amount: float) -> Act:
    """The block is raised in a hurry."""
    shares = np.array([1, 2, 3, 3, 2, 1]) / 3
    return staged(Staging(lift=_swing(shares * amount, _corner_lever(), _LIFTED)[:, 2]))


def _corner_lever() -> float:
    """Distance of the block's farthest corner from the left shoulder's axis."""
    body = stick_body()
    shoulder = standing(1).joints(body)[0, JOINT["left_shoulder"], [0, 2]]
    corners = np.array([[x, z] for x in (-1, 1) for z in (-1, 1)]) * _BLOCK[0] / 2 + _AT[[0, 2]]
    return float(np.linalg.norm(corners - shoulder, axis=1).max())


def object_acceleration(amount: float) -> Act:
    """The block twitches for one frame while it is held."""
    lift = _lift(0.5)
    lift[-3] += 2 * np.arcsin(amount / FPS**2 / (4 * _corner_lever()))
    return staged(Staging(lift=lift))


def not_rigid(amount: float) -> Act:
    """The block grows in one frame: the determinant is off by the amount."""
    act = staged()
    Ts = act.performance.Ts_world_object.copy()
    Ts[3, :3, :3] *= np.cbrt(1 + amount)
    return _with(act, Ts_world_object=Ts)


def phase_gap(amount: float) -> Act:
    """The second phase begins late."""
    act = staged()
    (name, start, end), last = act.performance.phases
    return _with(act, phases=[(name, start, end - amount), last])


PLANTS: Final[dict[str, Callable[[float], Act]]] = {
    plant.__name__: plant
    for plant in (
        body_in_object,
        body_in_furniture,
        object_in_furniture,
        arm_in_trunk,
        grip_gap,
        moved_by_nobody,
        slip,
        off_the_table,
        foot_off_the_floor,
        foot_slide,
        joint_excess,
        joint_speed,
        joint_acceleration,
        turning_speed,
        object_speed,
        object_acceleration,
        not_rigid,
        phase_gap,
    )
}
"""By the law that is broken: an act in which that law's value is the given amount."""
