"""The same drop in MuJoCo: an engine that shares no code with ours, with its default contacts."""

import mujoco
import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import quaternion_from_matrix
from hoi_platform.core.physics.settling import RigidHull

MUJOCO_CONTACT = (0.02, 1.0)
"""Time constant (s) and damping ratio of MuJoCo's default contact."""
_MASS_KG = 0.3
_LONGEST_S = 10.0
_STILL_S = 0.25


def mujoco_drop(
    mesh: TriangleMesh,
    hull: RigidHull,
    T_world_body: Array,
    contact: tuple[float, float] = MUJOCO_CONTACT,
) -> Array:
    """The rotation (3, 3) in which the body comes to rest on z = 0; its origin is its center of
    mass, its inertia that of the mesh and not of the hull."""
    model = _model(mesh, hull, contact)
    data = mujoco.MjData(model)
    data.qpos[:3] = T_world_body[:3, 3]
    data.qpos[3:] = quaternion_from_matrix(T_world_body[:3, :3])
    still_s = 0.0
    while data.time < _LONGEST_S and still_s < _STILL_S:
        mujoco.mj_step(model, data)
        speed = np.linalg.norm(data.qvel[:3]) + hull.size * np.linalg.norm(data.qvel[3:])
        slow = data.time > 0.2 and speed < 0.05 * hull.size
        still_s = still_s + model.opt.timestep if slow else 0.0
    R = np.zeros(9)
    mujoco.mju_quat2Mat(R, data.qpos[3:])
    return R.reshape(3, 3)


def _model(mesh: TriangleMesh, hull: RigidHull, contact: tuple[float, float]) -> "mujoco.MjModel":
    spec = mujoco.MjSpec()
    spec.option.timestep = min(1e-3, contact[0] / 10)
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    shape = spec.add_mesh(name="hull")
    shape.uservert = hull.centered.ravel().astype(float)
    shape.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
    surface = {"friction": [0.6, 0.005, 0.0001], "solref": list(contact)}
    plane = mujoco.mjtGeom.mjGEOM_PLANE
    spec.worldbody.add_geom(type=plane, size=[0, 0, 1], **surface)
    body = spec.worldbody.add_body()
    body.add_freejoint()
    body.explicitinertial, body.mass, body.ipos = True, _MASS_KG, [0, 0, 0]
    tensor = _MASS_KG * _inertia_per_kg(mesh)
    body.fullinertia = [*np.diag(tensor), tensor[0, 1], tensor[0, 2], tensor[1, 2]]
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="hull", **surface)
    return spec.compile()


def _inertia_per_kg(mesh: TriangleMesh) -> Array:
    """(3, 3) about the center of mass, of a solid of even density."""
    import trimesh

    solid = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).mass_properties
    return np.asarray(solid["inertia"]) / solid["mass"]
