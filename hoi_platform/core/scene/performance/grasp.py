"""Where and how a hand grasps an object: grip sites, placement of the palm, closing of fingers.

A grip site is a part of the object between palm and fingers; the catalog may give one, else sites
are found by their thickness. Every site is tried with the hand turned about and along it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.hands import (
    OPEN_DEG,
    OPPOSITION_DEG,
    THUMB,
    Hand,
    close_fingers,
)
from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid, transform_points
from hoi_platform.core.scene.performance.costs import COSTS
from hoi_platform.core.scene.performance.surroundings import Solid, Surroundings

APPROACH_M: Final = 0.07
"""Meters before the grasp from which the hand moves straight along the approach; chosen."""
_SKIN_M: Final = 0.0015
"""Meters to the surface that count as touching when fingers close; chosen: soft skin gives way."""
_TABLE_GAP_M: Final = 0.003
"""Meters that a hand keeps from the supports; chosen."""
_BACKOFFS_M: Final = (0.0, 0.012, 0.024)
"""Meters between palm and surface, chosen: 0 is a power grasp, more is a pinch."""


@dataclass(frozen=True)
class GripSites:
    """N grips in object coordinates (meters); fields as in ``GraspHint``."""

    point: Array  # (N, 3)
    approach: Array  # (N, 3)
    axis: Array  # (N, 3)
    width: Array  # (N,)
    cost: Array  # (N,) see ``costs.Costs``

    def __len__(self) -> int:
        return len(self.width)

    def T_object_wrist(self, hand: Hand, gap_m: float = 0.0) -> Array:
        """(N, 4, 4): palm facing the site along its approach, thumb toward +axis."""
        mirror = 1.0 if hand.side == "left" else -1.0
        along = mirror * np.cross(self.axis, self.approach)
        R = np.stack([self.approach, self.axis, along], axis=-1) @ hand.palm_axes.T
        palm = self.point - self.approach * (self.width[:, None] / 2 + gap_m)
        return rigid(R, palm - R @ hand.palm_center)

    def pick(self, keep: Array) -> "GripSites":
        return GripSites(*(values[keep] for values in vars(self).values()))


@dataclass(frozen=True)
class HandGrasp:
    """A closed hand on an object."""

    T_object_wrist: Array  # (4, 4)
    approach: Array  # (3,) unit, in object coordinates
    flexion_deg: Array  # (5, 3) with the table below
    wrapped_deg: Array  # (5, 3) when lifted: fingers go on to where the table was
    opposition_deg: float
    cost: float
    """0 is a firm power grasp; grows with missing fingers and missing opposition."""


def hinted_sites(
    hint: GraspHint, scale: Array, rng: np.random.Generator, n: int = 400
) -> GripSites:
    """Grips around a hint: any turn about its axis, tilts and slides along it."""
    point = np.array(hint.point) * scale
    approach, axis = np.array(hint.approach), np.array(hint.axis)
    spin = rng.uniform(-np.pi, np.pi, n)
    tilt = np.deg2rad(rng.normal(0, 12, n))
    thumb_down = rng.random(n) < 0.2
    R = matrix_from_axis_angle(spin[:, None] * axis)
    approaches = R @ approach
    tilted = matrix_from_axis_angle(tilt[:, None] * approaches) @ axis
    axes = np.where(thumb_down[:, None], -tilted, tilted)
    slide = rng.normal(0, 0.006, n)
    cost = (
        COSTS.spin * np.abs(spin) / np.pi
        + COSTS.thumb_down * thumb_down
        + COSTS.tilt * np.abs(tilt)
        + COSTS.slide * np.abs(slide)
    )
    width = np.full(n, hint.width * float(np.mean(scale)))
    return GripSites(point + slide[:, None] * axis, approaches, axes, width, cost)


def found_sites(solid: Solid, span_m: float, rng: np.random.Generator, n: int = 400) -> GripSites:
    """Grips at random surface points, preferring parts thinner than ``span_m`` (the hand's)."""
    points, normals = solid.mesh.sample_surface(n, rng)
    width = _thickness(solid, points, normals, span_m)
    grippable = np.isfinite(width)
    width = np.where(grippable, width, 0.0)
    helper = rng.normal(size=(n, 3))
    axis = np.cross(normals, helper)
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    center = solid.mesh.surface_centroid
    off = np.linalg.norm(points - center, axis=1) / np.linalg.norm(solid.mesh.extents)
    cost = COSTS.too_thick * ~grippable + COSTS.off_center * off + COSTS.thickness * width / span_m
    return GripSites(points - normals * width[:, None] / 2, -normals, axis, width, cost)


def _thickness(solid: Solid, points: Array, normals: Array, span_m: float) -> Array:
    """(N,) how deep the solid is below surface points, inf beyond ``span_m``."""
    depths = np.linspace(0.003, span_m, 32)
    inside = solid.distance(points - depths[:, None, None] * normals) < 0
    left = ~inside
    first = np.argmax(left, axis=0)
    return np.where(left.any(axis=0), depths[first], np.inf)


@dataclass(frozen=True)
class Grasper:
    """One hand and one object on a support."""

    hand: Hand
    solid: Solid
    around: Surroundings
    T_world_object: Array

    def travels(self, sites: GripSites) -> Array:
        """(N,) roughly how far the open hand moves along each approach; nan where it cannot."""
        R = self.hand.finger_rotations(OPEN_DEG[None], np.array([OPPOSITION_DEG]))
        points = self.hand.vertices(R, np.arange(0, len(self.hand.weights), 12))[0]
        T_far = sites.T_object_wrist(self.hand, APPROACH_M)
        start = transform_points(T_far, points[None])
        steps = np.arange(0.0, APPROACH_M + 0.03, 0.005)
        moved = start[:, None] + (steps[:, None] * sites.approach[:, None])[:, :, None]
        blocked = (self._clearance(moved) < _SKIN_M).any(axis=-1)
        first = np.argmax(blocked, axis=1)
        return np.where(first > 0, steps[first - 1], np.nan)

    def best(self, sites: GripSites) -> list[HandGrasp]:
        """Grasps of the sites that a hand reaches from outside, cheapest first."""
        grasps = []
        for i in range(len(sites)):
            T_far = sites.pick(np.array([i])).T_object_wrist(self.hand, APPROACH_M)[0]
            travel = self._free_travel(T_far, sites.approach[i])
            if travel is None:
                continue
            for backoff in _BACKOFFS_M:
                T = T_far.copy()
                T[:3, 3] += (travel - backoff) * sites.approach[i]
                grasps.append(self._closed(T, sites.approach[i], float(sites.cost[i])))
        return sorted(
            (g for g in grasps if g.cost < COSTS.most_grasp), key=lambda grasp: grasp.cost
        )

    def _clearance(self, p_object: Array) -> Array:
        """Distance of object points (..., 3) to the object or the supports' keep-out."""
        table = self.around.distance(_map(self.T_world_object, p_object)) - _TABLE_GAP_M
        return np.minimum(self.solid.distance(p_object), table)

    def _free_travel(self, T_far: Array, approach: Array) -> float | None:
        """How far the open hand moves along the approach before it touches; None if at once."""
        R = self.hand.finger_rotations(OPEN_DEG[None], np.array([OPPOSITION_DEG]))
        points = self.hand.vertices(R, np.arange(0, len(self.hand.weights), 3))[0]
        steps = np.arange(0.0, APPROACH_M + 0.03, 0.0025)
        moved = _map(T_far, points) + steps[:, None, None] * approach
        blocked = (self._clearance(moved) < _SKIN_M).any(axis=1)
        if blocked[0] or not blocked.any():
            return None
        return float(steps[np.argmax(blocked) - 1])

    def _closed(self, T_object_wrist: Array, approach: Array, site_cost: float) -> HandGrasp:
        hand = self.hand
        closure = close_fingers(
            hand, lambda p: self._clearance(_map(T_object_wrist, p)), OPPOSITION_DEG, _SKIN_M
        )
        wrapped = close_fingers(
            hand, lambda p: self.solid.distance(_map(T_object_wrist, p)), OPPOSITION_DEG, _SKIN_M
        )
        cost = site_cost
        for flexion, weight in ((closure.flexion_deg, 0.5), (wrapped.flexion_deg, 0.5)):
            R = hand.finger_rotations(flexion[None], np.array([OPPOSITION_DEG]))
            p_object = transform_points(T_object_wrist, hand.vertices(R)[0])
            cost += weight * self._looseness(T_object_wrist, p_object)
        return HandGrasp(
            T_object_wrist,
            approach,
            closure.flexion_deg,
            wrapped.flexion_deg,
            OPPOSITION_DEG,
            cost,
        )

    def _looseness(self, T_object_wrist: Array, p_object: Array) -> float:
        """0 for palm and thumb against four fingers; see ``HandGrasp.cost``."""
        distance = self.solid.distance(p_object)
        finger = np.where(self.hand.vertex_finger >= 0, self.hand.vertex_finger // 3, -1)
        normals, touching = np.zeros((5, 3)), np.zeros(5, dtype=bool)
        for k in range(5):
            own = np.flatnonzero(finger == k)
            nearest = own[np.argmin(distance[own])]
            touching[k] = distance[nearest] < 0.004
            normals[k] = self.solid.outward(p_object[nearest])
        palm = transform_points(T_object_wrist, self.hand.palm_center[None])
        palm_gap = float(self.solid.distance(palm)[0])
        opposed = [normals[THUMB]] if touching[THUMB] else []
        opposed += [self.solid.outward(palm)[0]] if palm_gap < 0.008 else []
        fingers = normals[:THUMB][touching[:THUMB]]
        grip = max((-float((fingers @ o).min()) for o in opposed if len(fingers)), default=-1.0)
        loose = (
            COSTS.opposition * (1 - grip)
            + COSTS.missing_finger * (4 - len(fingers))
            + COSTS.missing_thumb * (not touching[THUMB])
        )
        return loose + COSTS.palm_gap * min(max(palm_gap, 0.0), 0.04)


def _map(T: Array, points: Array) -> Array:
    """Points (..., 3) by one (4, 4)."""
    return points @ T[:3, :3].T + T[:3, 3]
