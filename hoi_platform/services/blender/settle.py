"""Settles an object on a plane with Bullet and proves that it rests."""

import json
import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.config.gen_2dhoi import SimulationConfig
from hoi_platform.core.errors import StageError
from hoi_platform.core.geometry.mesh import load_obj
from hoi_platform.core.geometry.rotations import nearest_rotation, quaternion_from_matrix
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.physics import settling
from hoi_platform.core.physics.settling import RigidHull, SettledPose
from hoi_platform.services.artifacts.files import write_whole
from hoi_platform.services.blender.bullet_drop import BulletDrop
from hoi_platform.services.blender.service import BlenderService

_DAMPING: Final = (0.1, 0.6)
"""Share of the linear and the angular speed lost in the time √(size / 2), in the fall and on
landing; chosen."""
ROLLING_RESISTANCE: Final = (0.5, 0.9)
"""The same on firm ground; chosen: Bullet in Blender has no rolling resistance, and a bottle would
roll on for minutes. What is out of balance tips over all the same."""
_PERIODS: Final = (0.5, 0.1, 0.1, 0.1, 0.1, 0.1)
"""Shares of the settling time: the landing, then firm ground, each from rest; chosen."""
_VERIFY_S: Final = 1.0
"""How long a pose has to hold to count as settled (s); chosen."""
_ATTEMPTS: Final = 3
"""Tilts that are tried; chosen."""

_Check = tuple[float, float, str, str]
"""Value, limit as a part of the object's size, verb and unit."""


def settle_object(
    blender: BlenderService,
    mesh_obj: Path,
    scale: tuple[float, float, float],
    config: SimulationConfig,
) -> SettledPose:
    """Drop a mesh and return the pose in which it stays.

    An unstable balance is not a result: up to three tilts are tried. Raises StageError when none
    comes to rest, BadInputError when the mesh is flat.
    """
    mesh = load_obj(mesh_obj, scale)
    drop = BulletDrop(blender, settling.rigid_hull(mesh.vertices, mesh.faces))
    rng = np.random.default_rng(config.seed)
    failures = []
    for _ in range(_ATTEMPTS):
        fallen, frames = fall(drop, start_pose(drop.hull, config, rng), config.settling_time)
        if failure := _failure(drop.hull, [_speed_check(_speed(drop, fallen))]):
            failures.append(failure)
            continue
        settled = _rest(drop, fallen[-1, :3, :3], frames)
        if not (failure := _failure(drop.hull, _rest_checks(settled))):
            return settled
        failures.append(failure)
    raise StageError(
        f"{mesh_obj} does not settle within {config.settling_time:g} s: {'; '.join(failures)}. "
        "Raise simulation.settling_time, lower simulation.drop_height or "
        "simulation.initial_rotation_perturbation, or turn the mesh onto a stable side"
    )


def start_pose(hull: RigidHull, config: SimulationConfig, rng: np.random.Generator) -> Array:
    start = _resting(hull, settling.tilt(config.initial_rotation_perturbation, rng))
    start[2, 3] += config.drop_height
    return start


def _rest(drop: BulletDrop, R_fallen: Array, frames: int) -> SettledPose:
    """The pose in which the body lies flush, and what a further second of simulation does to it."""
    hull = drop.hull
    R = nearest_rotation(settling.flush(hull, R_fallen))  # Blender is in float32
    body = _resting(hull, R)
    held = drop.run(body, _VERIFY_S, damping=ROLLING_RESISTANCE, stop_when_still=False)
    heights = np.array([settling.lowest(hull, T) for T in held])
    return SettledPose(
        R_world_object=R,
        height_m=float(body[2, 3] - R[2] @ hull.center_of_mass),
        speed_m_s=_speed(drop, held),
        frames=frames,
        penetration_m=float(max(0.0, -heights.min())),
        gap_m=float(max(0.0, heights.max())),
        drift_m=settling.drift(hull, held),
        support_margin_m=settling.support_margin(hull, R),
        collision_shape=f"convex hull, {len(hull.points)} vertices",
    )


def fall(drop: BulletDrop, start: Array, duration_s: float) -> tuple[Array, int]:
    """The poses of the last period that was simulated, and the number of frames of all.

    It lands on a pad; from there on the ground is firm.
    """
    poses = drop.run(
        start, _PERIODS[0] * duration_s, damping=_DAMPING, stop_when_still=True, pad=True
    )
    frames = len(poses) - 1
    for part in _PERIODS[1:]:
        if _speed(drop, poses) < settling.MAX_SPEED * drop.hull.size:
            break
        start = _resting(drop.hull, nearest_rotation(poses[-1, :3, :3]))
        poses = drop.run(start, part * duration_s, damping=ROLLING_RESISTANCE, stop_when_still=True)
        frames += len(poses) - 1
    return poses, frames


def _speed(drop: BulletDrop, poses: Array) -> float:
    return settling.window_speed(drop.hull, poses, drop.dt_s)


def _resting(hull: RigidHull, R: Array) -> Array:
    """The pose of the center of mass with rotation R whose lowest point touches z = 0."""
    return rigid(R, np.array([0.0, 0.0, -(hull.centered @ R[2]).min()]))


def _speed_check(speed_m_s: float) -> _Check:
    return speed_m_s, settling.MAX_SPEED, "moves at", "m/s"


def _rest_checks(settled: SettledPose) -> list[_Check]:
    return [
        _speed_check(settled.speed_m_s),
        (settled.penetration_m, settling.MAX_SHIFT, "sinks in by", "m"),
        (settled.gap_m, settling.MAX_SHIFT, "floats by", "m"),
        (settled.drift_m, settling.MAX_SPEED * _VERIFY_S, "drifts in 1 s by", "m"),
        (-settled.support_margin_m, 0.0, "has its center of mass beyond its support by", "m"),
    ]


def _failure(hull: RigidHull, checks: list[_Check]) -> str:
    """Why a pose is not at rest; empty if it is."""
    found = [
        f"it {verb} {value:.2g} {unit} (allowed: {limit * hull.size:.2g})"
        for value, limit, verb, unit in checks
        if not value <= limit * hull.size
    ]
    return ", ".join(found)


def write_settled_pose(settled: SettledPose, state: Path, reference_pickle: Path) -> None:
    """Store as JSON, and as the pickle of plain containers that the reference's tools read."""
    write_whole(state, json.dumps(settled.to_json(), indent=1))
    write_whole(reference_pickle, pickle.dumps(_reference_state(settled), protocol=4))


def read_settled_pose(state: Path) -> SettledPose:
    """Read what ``write_settled_pose`` wrote as JSON."""
    return SettledPose.from_json(json.loads(state.read_text()))


def _reference_state(settled: SettledPose) -> dict[str, Any]:
    from scipy.spatial.transform import Rotation

    R = settled.R_world_object
    return {
        "orientation": quaternion_from_matrix(R),
        "euler": Rotation.from_matrix(R).as_euler("xyz"),
        "R": R,
        "position": np.array([0.0, 0.0, settled.height_m]),
    }
