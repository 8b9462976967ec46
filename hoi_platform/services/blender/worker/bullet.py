"""Bullet through Blender: one convex body on the ground, firm or on a spring."""

from typing import Any

import bpy
import mathutils
import numpy as np

from hoi_platform.services.blender.worker.channel import Channel
from hoi_platform.services.blender.worker.operators import finished

_MARGIN = 0.005
"""Bullet's collision margin around the body (Bullet's meters); chosen: Blender's 0.04 rounds its
edges."""
_PAD_MASS = 0.1
"""Share of the body's mass; chosen so light that it is the spring, and not the plate, that stops
the body."""


def drop(request: dict[str, Any], _channel: Channel) -> dict[str, Any]:
    """Simulate a convex body above the plane z = 0 and store its poses.

    The request holds ``points`` (npy, (N, 3) about the center of mass), ``pose`` (4x4), ``fps``,
    ``frames`` (at most), ``gravity``, ``linear_damping``, ``angular_damping``, ``friction``,
    ``poses`` (npy to write, (frames, 4, 4), the first one the start), ``pad_hz`` (the ground hangs
    on a critically damped spring of that frequency under the body; None: it is firm) and, to stop
    early, ``still``: {shift, frames}: how far no point may stray within so many frames.
    """
    scene = _empty_scene(request)
    body = _body(request)
    _rigid_body(body, request, kind="ACTIVE", shape="CONVEX_HULL", margin=_MARGIN)
    ground = _ground()
    _rigid_body(ground, request, kind=_ground_kind(request), shape="BOX", margin=0.04)
    if request["pad_hz"]:
        _hang_on_spring(ground, request)
    poses, points = [_pose(body)], np.load(request["points"])
    for frame in range(2, request["frames"] + 2):
        scene.frame_set(frame)
        poses.append(_pose(body))
        if _is_still(points, poses, request["still"]):
            break
    np.save(request["poses"], np.array(poses))
    return {"frames": len(poses), "blender": bpy.app.version_string}


def _empty_scene(request: dict[str, Any]) -> Any:
    finished(bpy.ops.wm.read_factory_settings, use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = request["fps"]
    scene.gravity = (0.0, 0.0, -request["gravity"])
    finished(bpy.ops.rigidbody.world_add)
    world = scene.rigidbody_world
    world.collection = bpy.data.collections.new("bodies")
    world.substeps_per_frame, world.solver_iterations = 4, 30
    world.point_cache.frame_start = 1
    world.point_cache.frame_end = request["frames"] + 2
    scene.frame_set(1)
    return scene


def _body(request: dict[str, Any]) -> Any:
    mesh = bpy.data.meshes.new("body")
    points = np.load(request["points"])
    mesh.from_pydata(points.tolist(), [], [])
    body = bpy.data.objects.new("body", mesh)
    body.matrix_world = mathutils.Matrix(request["pose"])
    return body


def _ground() -> Any:
    """A box whose top lies one margin below z = 0, for the body's own margin is outside of it."""
    half = np.array([500.0, 500.0, 5.0])
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    mesh = bpy.data.meshes.new("ground")
    mesh.from_pydata((signs * half).tolist(), [], [])
    ground = bpy.data.objects.new("ground", mesh)
    ground.location.z = -half[2] - _MARGIN
    return ground


def _ground_kind(request: dict[str, Any]) -> str:
    return "ACTIVE" if request["pad_hz"] else "PASSIVE"


def _hang_on_spring(ground: Any, request: dict[str, Any]) -> None:
    """The ground becomes a light plate that moves along z alone, on a spring and a damper."""
    anchor = bpy.data.objects.new("anchor", ground.data.copy())
    anchor.location.z = 2 * ground.location.z - 100  # out of the body's way
    _rigid_body(anchor, request, kind="PASSIVE", shape="BOX", margin=0.04)
    ground.rigid_body.mass, ground.rigid_body.linear_damping = _PAD_MASS, 0.0
    joint = bpy.data.objects.new("spring", None)
    joint.location = ground.location
    bpy.context.scene.collection.objects.link(joint)
    bpy.context.view_layer.objects.active = joint
    finished(bpy.ops.rigidbody.constraint_add, type="GENERIC_SPRING")
    spring, omega = joint.rigid_body_constraint, 2 * np.pi * request["pad_hz"]
    spring.object1, spring.object2, spring.spring_type = anchor, ground, "SPRING2"
    for axis in ("lin_x", "lin_y", "ang_x", "ang_y", "ang_z"):
        setattr(spring, f"use_limit_{axis}", True)
        setattr(spring, f"limit_{axis}_lower", 0.0)
        setattr(spring, f"limit_{axis}_upper", 0.0)
    spring.use_spring_z = True  # of the body's mass, which is 1
    spring.spring_stiffness_z, spring.spring_damping_z = omega**2, 2 * omega


def _rigid_body(
    body: Any, request: dict[str, Any], *, kind: str, shape: str, margin: float
) -> None:
    bpy.context.scene.collection.objects.link(body)
    bpy.context.view_layer.objects.active = body
    finished(bpy.ops.rigidbody.object_add, type=kind)
    rigid = body.rigid_body
    rigid.collision_shape, rigid.mesh_source = shape, "BASE"
    rigid.use_margin, rigid.collision_margin = True, margin
    rigid.friction, rigid.restitution = request["friction"], 0.0
    rigid.linear_damping = request["linear_damping"]
    rigid.angular_damping = request["angular_damping"]
    rigid.use_deactivation = False  # a sleeping body would hide that it is not at rest


def _pose(body: Any) -> np.ndarray:
    evaluated = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array(evaluated.matrix_world)


def _is_still(points: np.ndarray, poses: list[np.ndarray], still: dict[str, float] | None) -> bool:
    if not still or len(poses) <= still["frames"]:
        return False
    change = (poses[-1] - poses[-1 - int(still["frames"])])[:3]
    moved = np.linalg.norm(points @ change[:, :3].T + change[:, 3], axis=-1)
    return bool(moved.max() < still["shift"])
