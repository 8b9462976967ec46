"""How far the trunk leans, and where the elbow goes, for a hand to be at a pose."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.ik import Side, arm, joint_frame, reach
from hoi_platform.core.body.limits import JOINT_LIMITS
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import inverse, transform_points
from hoi_platform.core.scene.performance.costs import COSTS
from hoi_platform.core.scene.performance.posture import R_PERSON_REST, Trunk, pelvis_height
from hoi_platform.core.scene.performance.stance import Stance
from hoi_platform.core.scene.performance.surroundings import Surroundings
from hoi_platform.core.scene.spec import SceneSpec

LEANS: Final = np.linspace(0.15, 1.25, 15)
"""Units of lean, chosen: 0 is upright, 1 a bow of 25° at the hips and 30° of the spine."""
EXTENSION: Final = 0.91
"""Fraction of the arm's length between shoulder and wrist in a grasp, at most; chosen: elbows are
never straight."""
SWIVELS: Final = np.deg2rad(np.arange(-150.0, 11.0, 10.0))
"""Radians by which the elbow turns about the line from shoulder to wrist; chosen: steps of 10°."""

_HIPS_DEG, _SPINE_DEG, _TWIST_DEG, _PROTRACTION_DEG = 25.0, 30.0, 10.0, 12.0
"""Degrees per unit of lean: bow at the hips and of the spine, twist of the trunk, protraction of
the shoulder; chosen."""
_BACK: Final = 0.045
"""Statures per unit of lean by which the pelvis moves back; chosen: it balances the trunk."""
_RELAXED_SWIVEL: Final = np.deg2rad(-70.0)
"""Radians; chosen: the elbow hangs a little outward."""
_FOREARM: Final = 0.025
"""Statures; half the thickness of a forearm, chosen."""
_TRUNK: Final = np.array([0.105, 0.085])
"""Statures; half the width and depth of a trunk, chosen."""


@dataclass(frozen=True)
class Reaches:
    """For N poses of a wrist: the smallest lean, the best elbow and its cost (0 is relaxed)."""

    lean: Array  # (N,)
    swivel: Array  # (N,) radians
    cost: Array  # (N,), see ``costs.Costs``


@dataclass(frozen=True)
class Reacher:
    """One arm of a person who stands in a scene."""

    body: BodyModel
    spec: SceneSpec
    around: Surroundings
    stance: Stance
    side: Side

    @property
    def mirror(self) -> float:
        return 1.0 if self.side == "left" else -1.0

    @property
    def T_world_person(self) -> Array:
        return np.array(self.spec.T_world_person)

    def trunk(self, lean: Array, azimuth: float) -> Trunk:
        """Trunks (N) leaning by ``lean`` (N,) toward ``azimuth`` (rad, left of the facing is +)."""
        start = self.stance.trunk
        n = len(lean)
        bow, turn, _ = np.eye(3)
        toward = 0.4 * azimuth - self.mirror * np.deg2rad(_TWIST_DEG)
        hips = start.turn + lean[:, None] * (np.deg2rad(_HIPS_DEG) * bow + 0.3 * toward * turn)
        spine = start.spine + lean[:, None] * (np.deg2rad(_SPINE_DEG) * bow + 0.7 * toward * turn)
        reaching = lean[:, None] * np.deg2rad(_PROTRACTION_DEG) * -self.mirror * turn
        collars = {"left": start.left_collar, "right": start.right_collar}
        collars = {side: np.tile(value, (n, 1)) for side, value in collars.items()}
        collars[self.side] = collars[self.side] + reaching
        return Trunk(
            self._pelvis(hips, lean),
            hips,
            spine,
            np.tile(start.head, (n, 1)),
            collars["left"],
            collars["right"],
        )

    def _pelvis(self, turns: Array, lean: Array) -> Array:
        R = self.T_world_person[:3, :3] @ R_PERSON_REST
        R_pelvis = R @ matrix_from_axis_angle(turns)
        back = self.T_world_person[:3, :3] @ [0.0, -_BACK * self.body.height_m, 0.0]
        pelvis = self.stance.trunk.pelvis + lean[:, None] * back
        for i in range(len(lean)):
            height = pelvis_height(self.body, R_pelvis[i], pelvis[i, :2], self.stance.feet)
            pelvis[i, 2] = min(height, pelvis[i, 2])
        return pelvis

    def azimuth(self, p_world: Array) -> float:
        """Direction of a point as seen by the person, radians to the left of the facing."""
        local = transform_points(inverse(self.T_world_person), p_world[None])[0]
        return float(np.arctan2(-local[0], local[1]))

    def reach(self, T_world_wrist: Array, azimuth: float, leans: Array = LEANS) -> Reaches:
        """The cheapest way of one trunk and elbow to each pose (N, 4, 4)."""
        trunk = self.trunk(leans, azimuth)
        rotations = trunk.rotations(self.T_world_person)
        limb = arm(self.side)
        _, shoulders = joint_frame(self.body, rotations, trunk.pelvis, limb.upper)
        span = np.linalg.norm(T_world_wrist[:, None, :3, 3] - shoulders, axis=-1)
        fits = span <= EXTENSION * sum(limb.lengths(self.body))
        level = np.argmax(fits, axis=1)
        swivel, cost = self._best_swivel(T_world_wrist, rotations[level], trunk.pelvis[level])
        cost = cost + COSTS.lean * leans[level] + np.where(fits.any(axis=1), 0, COSTS.out_of_reach)
        return Reaches(leans[level], swivel, cost)

    def _best_swivel(
        self, T_world_wrist: Array, rotations: Array, pelvis: Array
    ) -> tuple[Array, Array]:
        n, s = len(T_world_wrist), len(SWIVELS)
        swivel = np.tile(SWIVELS, n)
        each = np.repeat(np.arange(n), s)
        posed = reach(
            self.body, self.side, rotations[each], pelvis[each], T_world_wrist[each], swivel
        )
        cost = self.discomfort(posed) + ((swivel - _RELAXED_SWIVEL) / COSTS.swivel_rad) ** 2
        cost = cost + self._elbow_cost(posed, pelvis[each], T_world_wrist[each])
        cost = cost.reshape(n, s)
        best = np.argmin(cost, axis=1)
        return SWIVELS[best], cost[np.arange(n), best]

    def discomfort(self, rotations: Array) -> Array:
        """(N,) how far shoulder, elbow and wrist are from the middle of their ranges, and out."""
        cost = np.zeros(len(rotations))
        weights = {"shoulder": COSTS.shoulder, "elbow": COSTS.elbow, "wrist": COSTS.wrist}
        for name, weight in weights.items():
            limit = JOINT_LIMITS[f"{self.side}_{name}"]
            R = rotations[:, JOINT[f"{self.side}_{name}"]]
            q = limit.coordinates(R)
            half = np.abs(np.where(q > 0, limit.upper_deg, limit.lower_deg))
            used = np.clip(np.abs(q) / np.maximum(half, 10.0), 0, 2)
            if name == "elbow":
                used[:, 1] = 0.0  # bending the elbow costs nothing
            cost += weight * (used**4).sum(-1) + COSTS.excess * limit.excess(R)
        return cost

    def _elbow_cost(self, rotations: Array, pelvis: Array, T_world_wrist: Array) -> Array:
        """Forearm in the table or elbow in the trunk."""
        limb = arm(self.side)
        _, elbow = joint_frame(self.body, rotations, pelvis, limb.middle)
        wrist = T_world_wrist[:, :3, 3]
        thick = _FOREARM * self.body.height_m
        share = np.linspace(0, 1, 6)[:, None, None]
        along = elbow + share * (wrist - elbow)
        table = np.maximum(thick - self.around.distance(along), 0).max(axis=0)
        R_spine, spine = joint_frame(self.body, rotations, pelvis, JOINT["spine3"])
        local = np.einsum("nji,snj->sni", R_spine, along - spine)
        widths = _TRUNK * self.body.height_m
        inside = np.maximum(1 - np.linalg.norm(local[..., [0, 2]] / widths, axis=-1), 0)
        return COSTS.arm_in_table * table + COSTS.arm_in_trunk * inside.max(axis=0)
