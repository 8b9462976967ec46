"""Whether a drawn scene shows what it has to show, and lets the person reach the object."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.config.gen_2dhoi import RenderingConfig
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.shapes import least_distance
from hoi_platform.core.scene.boxes import merged, part_mesh, scene_parts
from hoi_platform.core.scene.parts import shape_of
from hoi_platform.core.scene.person import StandingPerson
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.scene.templates import SceneRequirements

_REFERENCE_WIDTH_PX = 640
"""Pixels; width for which limits are stated, chosen: the demo's."""


@dataclass(frozen=True)
class SceneView:
    """A drawn scene with its meshes in the world."""

    spec: SceneSpec
    person: StandingPerson
    object_mesh: TriangleMesh

    @property
    def camera(self) -> Camera:
        return self.spec.camera.camera()


def geometric_checks(view: SceneView, need: SceneRequirements, min_object_px: float) -> list[Check]:
    """Checks by projection: framing, sizes, reach, distance to supports and furniture."""
    camera, k = view.camera, view.camera.width_px / _REFERENCE_WIDTH_PX
    body, joints = view.person.placed(np.array(view.spec.T_world_person))
    person, object_px = camera.project(body.vertices), camera.project(view.object_mesh.vertices)
    shoulders = joints[[JOINT["left_shoulder"], JOINT["right_shoulder"]]]
    center = view.object_mesh.bounds.mean(axis=0)
    reach = np.linalg.norm(shoulders - center, axis=-1).min() / view.person.arm_m
    return [
        Check.at_least("person_margin", _margin(person, camera), need.margin_px * k, "px"),
        Check.at_least("object_margin", _margin(object_px, camera), need.margin_px * k, "px"),
        Check.at_least("person_height", np.ptp(person[:, 1]), need.min_person_px * k, "px"),
        Check.at_least("object_size", _mean_side(object_px), min_object_px * k, "px"),
        Check.at_most("object_reach", float(reach), need.max_reach, "arm's lengths"),
        *_clearance(body, view.spec, need.clearance_m),
    ]


def visibility_checks(
    view: SceneView, need: SceneRequirements, min_object_visible: float
) -> list[Check]:
    """Checks by ray casting: how much of object, trunk, feet and hands is visible."""
    body, _ = view.person.placed(np.array(view.spec.T_world_person))
    static = [part_mesh(part) for part in scene_parts(view.spec)]
    mesh, stride = view.object_mesh, max(1, view.camera.width_px // _REFERENCE_WIDTH_PX)
    everything = merged([body, mesh, *static])
    seen = rasterize(view.camera, everything.vertices, everything.faces, stride).face_ids
    alone = rasterize(view.camera, body.vertices, body.faces, stride).face_ids
    groups = view.person.groups
    hands = [_unhidden(alone, seen, hand) for hand in (groups.left_hand, groups.right_hand)]
    first = len(body.faces)
    silhouette = rasterize(view.camera, mesh.vertices, mesh.faces, stride).silhouette
    object_seen = silhouette & (seen >= first) & (seen < first + len(mesh.faces))
    return [
        Check.at_least(
            "object_visible",
            float(object_seen.sum() / max(1, silhouette.sum())),
            min_object_visible,
            "fraction",
        ),
        _fraction(
            "upper_body_visible", _unhidden(alone, seen, groups.upper), need.min_upper_visible
        ),
        _fraction("feet_visible", _unhidden(alone, seen, groups.feet), need.min_feet_visible),
        _fraction("hand_visible", max(hands), need.min_hand_visible),
    ]


def all_checks(view: SceneView, need: SceneRequirements, rendering: RenderingConfig) -> list[Check]:
    """Every requirement; rays are cast only where the projection passes."""
    checks = geometric_checks(view, need, rendering.min_object_px)
    if all(check.passed for check in checks):
        checks += visibility_checks(view, need, rendering.min_object_visible)
    return checks


def _fraction(name: str, value: float, least: float) -> Check:
    return Check.at_least(name, value, least, "fraction")


def _margin(uv: Array, camera: Camera) -> float:
    """Least distance (px) of points to the image's border; negative outside, or when behind."""
    if np.isnan(uv).any():
        return -float(camera.width_px)
    return float(min(uv.min(), (np.array([camera.width_px, camera.height_px]) - uv).min()))


def _mean_side(uv: Array) -> float:
    """The geometric mean of the bounding box's sides (px): long thin objects are not small."""
    return float(np.sqrt(np.prod(np.ptp(uv, axis=0))))


def _clearance(body: TriangleMesh, spec: SceneSpec, least: float) -> list[Check]:
    """Distance of the body's vertices to all that it does not stand on, 0 when they touch."""
    parts = [part for part in scene_parts(spec) if not part.walkable]
    if not parts:
        return []
    value = least_distance(body.vertices, [shape_of(part) for part in parts])
    return [Check.at_least("clearance", value, least, "m")]


def _unhidden(alone: NDArray[np.int32], seen: NDArray[np.int32], faces: NDArray[np.bool_]) -> float:
    """The part of the pixels of these faces that only the body itself hides, if any."""
    mine = (alone >= 0) & faces[alone]
    return float((mine & (seen == alone)).sum() / max(1, mine.sum()))
