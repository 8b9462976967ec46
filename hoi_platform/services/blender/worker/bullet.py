"""Bullet through Blender: one convex body on the ground plane."""

from typing import Any

import bpy
import mathutils
import numpy as np

from hoi_platform.services.blender.worker.channel import Channel
from hoi_platform.services.blender.worker.operators import finished

_MARGIN = 0.005


def drop(request: dict[str, Any], _channel: Channel) -> dict[str, Any]:
    """Simulate a convex body above the plane z = 0 and store its poses.

    The request holds ``points`` (npy, (N, 3) about the center of mass), ``pose`` (4x4), ``fps``,
    ``frames`` (at most), ``gravity``, ``linear_damping``, ``angular_damping``, ``friction``,
    ``poses`` (npy to write, (frames, 4, 4), the first one the start) and, to stop early,
    ``still``: {linear, angular, frames}, speeds per second.
    """
    scene = _empty_scene(request)
    body = _body(request)
    _rigid_body(body, request, kind="ACTIVE", shape="CONVEX_HULL", margin=_MARGIN)
    _rigid_body(_ground(), request, kind="PASSIVE", shape="BOX", margin=0.04)
    poses = [_pose(body)]
    for frame in range(2, request["frames"] + 2):
        scene.frame_set(frame)
        poses.append(_pose(body))
        if _is_still(poses, request):
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


def _is_still(poses: list[np.ndarray], request: dict[str, Any]) -> bool:
    still = request.get("still")
    if not still or len(poses) <= still["frames"]:
        return False
    window = np.array(poses[-still["frames"] - 1 :])
    moved = np.linalg.norm(np.diff(window[:, :3, 3], axis=0), axis=-1).max()
    turned = np.abs(np.diff(window[:, :3, :3], axis=0)).max()
    return bool(
        moved * request["fps"] < still["linear"] and turned * request["fps"] < still["angular"]
    )
