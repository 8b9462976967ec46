"""What a person is going to do: which grasp, where to bring the object, when."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.hands import Hand
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid, transform_points
from hoi_platform.core.scene.performance.costs import COSTS
from hoi_platform.core.scene.performance.grasp import (
    APPROACH_M,
    Grasper,
    GripSites,
    HandGrasp,
)
from hoi_platform.core.scene.performance.reaching import Reacher
from hoi_platform.core.scene.performance.surroundings import Solid

_REACHED_SITES: Final = 120
"""Number of grip sites for which reaching is solved; chosen: the cheapest by site alone."""
_TRIED_SITES: Final = 18
"""Number of grip sites at which fingers are closed, the slowest step; chosen."""
_HOLDS: Final = 90
"""Number of poses drawn before the chest; chosen."""
_ABOVE_TABLE_M: Final = 0.05
"""Meters; least height of a held object over the table, chosen."""
_HOLD_LEANS: Final = np.linspace(0.0, 0.3, 4)
"""Units of lean (``reaching.LEANS``), chosen: a person who shows something stands upright."""


@dataclass(frozen=True)
class KeyPose:
    """The reaching arm and its trunk at one moment of the plan."""

    T_world_wrist: Array  # (4, 4)
    lean: float
    """Units of lean (``reaching.LEANS``)."""
    swivel: float
    """Of the elbow, in radians."""
    cost: float = 0.0
    """See ``costs.Costs``."""


@dataclass(frozen=True)
class Timing:
    """When things happen, in seconds from the first frame."""

    reach: float
    grasp: float
    """The open hand has arrived; fingers begin to close."""
    lift: float
    """Fingers are closed; the object begins to move."""
    hold: float
    """The object is at its first place before the chest."""
    turn: float
    """It begins to turn."""
    turned: float
    """It is at its second place."""
    end: float

    @property
    def phases(self) -> list[tuple[str, float, float]]:
        """(name, start, end) in seconds, in order and without gaps."""
        names = ("stand", "reach", "grasp", "carry", "hold", "turn", "show")
        times = (0.0, self.reach, self.grasp, self.lift, self.hold, self.turn, self.turned)
        return list(zip(names, times, (*times[1:], self.end), strict=True))


@dataclass(frozen=True)
class Plan:
    """A reach, a grasp and two places to which the object is brought."""

    grasp: HandGrasp
    at_grasp: KeyPose
    at_holds: tuple[KeyPose, KeyPose]
    Ts_world_object: Array  # (3, 4, 4): on the table, first hold, second hold
    timing: Timing


def draw_timing(duration_s: float, rng: np.random.Generator) -> Timing:
    """Shares of the clip's length, a little different each time."""
    weights = np.array([0.06, 0.31, 0.09, 0.26, 0.04, 0.19, 0.05])
    weights *= rng.uniform(0.85, 1.15, len(weights))
    ends = np.cumsum(weights) / weights.sum() * duration_s
    return Timing(*(float(t) for t in ends))


def plan_grasps(
    reacher: Reacher, solid: Solid, sites: GripSites, rng: np.random.Generator
) -> list[tuple[HandGrasp, KeyPose]]:
    """Grasps that this arm reaches, cheapest first, each with its posture."""
    hand = Hand(reacher.body, reacher.side)
    T_world_object = reacher.spec.T_world_object_array()
    azimuth = reacher.azimuth(T_world_object[:3, 3])
    grasper = Grasper(hand, solid, reacher.around, T_world_object)
    short = np.maximum(APPROACH_M - grasper.travels(sites), 0)
    free = np.flatnonzero(np.isfinite(short))
    free = free[np.argsort((sites.cost + COSTS.approach * short)[free])[:_REACHED_SITES]]
    if not len(free):
        return []
    rough = reacher.reach(T_world_object @ sites.pick(free).T_object_wrist(hand), azimuth)
    cost = (sites.cost + COSTS.approach * short)[free] + rough.cost
    order = np.argsort(cost)[:_TRIED_SITES]
    grasps = grasper.best(sites.pick(free[order[rough.cost[order] < COSTS.most_reach]]))
    if not grasps:
        return []
    Ts = T_world_object @ np.stack([grasp.T_object_wrist for grasp in grasps])
    exact = reacher.reach(Ts, azimuth)
    variety = rng.gumbel(0, COSTS.grasp_variety, len(grasps))
    total = np.array([g.cost for g in grasps]) + exact.cost + variety
    ways = []
    for i in np.argsort(total):
        if exact.cost[i] < COSTS.most_reach:
            pose = KeyPose(Ts[i], float(exact.lean[i]), float(exact.swivel[i]), float(total[i]))
            ways.append((grasps[i], pose))
    return ways


def plan_holds(
    reacher: Reacher, grasp: HandGrasp, solid: Solid, rng: np.random.Generator
) -> list[tuple[Array, KeyPose]]:
    """Object poses (4, 4) before the chest with their postures, cheapest first."""
    T_object_wrist = grasp.T_object_wrist
    hand = Hand(reacher.body, reacher.side)
    palm = transform_points(T_object_wrist, hand.palm_center[None])[0]
    T_start = reacher.spec.T_world_object_array()
    R = _turns(reacher, rng) @ T_start[:3, :3]
    target = _places(reacher, rng)
    points, _ = solid.mesh.sample_surface(150, np.random.default_rng(0))
    lowest = ((points - palm) @ np.swapaxes(R, -1, -2))[..., 2].min(axis=1)
    above = reacher.around.top + _ABOVE_TABLE_M
    target[:, 2] = np.maximum(target[:, 2], above - lowest)
    Ts_object = rigid(R, target - R @ palm)
    Ts_wrist = Ts_object @ T_object_wrist
    reaches = reacher.reach(Ts_wrist, 0.0, _HOLD_LEANS)
    variety = rng.gumbel(0, COSTS.hold_variety, _HOLDS)
    cost = reaches.cost + _obstruction(reacher, points, Ts_object) + variety
    holds = []
    for i in np.argsort(cost):
        if reaches.cost[i] < COSTS.most_hold_reach and cost[i] < COSTS.most_hold:
            pose = KeyPose(
                Ts_wrist[i], float(reaches.lean[i]), float(reaches.swivel[i]), float(cost[i])
            )
            holds.append((Ts_object[i], pose))
    return holds


def _turns(reacher: Reacher, rng: np.random.Generator) -> Array:
    """(H, 3, 3) turns in the world by 20–70° about mixed axes."""
    axis = rng.normal(size=(_HOLDS, 3)) * [1, 1, 1.2]
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    return matrix_from_axis_angle(np.deg2rad(rng.uniform(20, 70, (_HOLDS, 1))) * axis)


def _places(reacher: Reacher, rng: np.random.Generator) -> Array:
    """(H, 3) world positions of the palm before the chest."""
    h = reacher.body.height_m
    low, high = [-0.02, 0.19, 0.60], [0.14, 0.29, 0.74]
    local = rng.uniform(low, high, (_HOLDS, 3)) * h * [-reacher.mirror, 1, 1]
    return transform_points(reacher.T_world_person, local)


def _obstruction(reacher: Reacher, points: Array, Ts_object: Array) -> Array:
    """(H,) cost of an object, given by surface points (N, 3), near the trunk or the head."""
    world = transform_points(Ts_object, points[None])
    h = reacher.body.height_m
    local = transform_points(np.linalg.inv(reacher.T_world_person), world)
    radial = np.hypot(local[..., 0] / 0.15, local[..., 1] / 0.115) / h
    near_trunk = np.maximum(1 - radial, 0).max(axis=1)
    head = np.linalg.norm(local - np.array([0, 0.05, 0.92]) * h, axis=-1).min(axis=1)
    near_head = np.maximum(0.15 * h - head, 0)
    return COSTS.object_in_trunk * near_trunk + COSTS.object_near_head * near_head


def pregrasp(grasp: HandGrasp, T_world_object: Array) -> Array:
    """(4, 4) wrist pose ``APPROACH_M`` before the grasp."""
    T = T_world_object @ grasp.T_object_wrist
    T[:3, 3] -= APPROACH_M * (T_world_object[:3, :3] @ grasp.approach)
    return T
