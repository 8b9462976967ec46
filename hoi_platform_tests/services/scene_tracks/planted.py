"""A clip whose masks and depth are known: a man of boxes moves a box before a textured wall."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import trimesh

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT, NUM_JOINTS, PARENTS
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.geometry.raster import rasterize
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.services.video.codec import Video, read_video, write_video
from hoi_platform.services.vision.scene_tracks import SceneTracksRequest

FRAMES = 14
LIFT = 4
"""Frame at which the box begins to move."""
_R_WORLD_REST = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # faces -y, the camera

_JOINTS = {
    "pelvis": (0, 0, 0),
    "left_hip": (0.1, -0.05, 0),
    "left_knee": (0.1, -0.45, 0),
    "left_ankle": (0.1, -0.85, 0),
    "spine1": (0, 0.1, 0),
    "neck": (0, 0.5, 0),
    "head": (0, 0.55, 0),
    "left_shoulder": (0.2, 0.44, 0),
    "left_elbow": (0.45, 0.44, 0),
    "left_wrist": (0.68, 0.44, 0),
}
# joint that carries it → center and size of a box in the rest pose, RGB color
_LIMBS = (
    ("spine1", (0, 0.22, 0), (0.36, 0.5, 0.2), (60, 110, 190)),
    ("head", (0, 0.65, 0), (0.18, 0.24, 0.2), (205, 150, 120)),
    ("left_hip", (0.1, -0.25, 0), (0.14, 0.42, 0.15), (45, 45, 60)),
    ("left_knee", (0.1, -0.65, 0), (0.12, 0.4, 0.13), (45, 45, 60)),
    ("left_ankle", (0.1, -0.88, 0.05), (0.1, 0.06, 0.22), (225, 225, 220)),
    ("left_shoulder", (0.32, 0.44, 0), (0.26, 0.12, 0.12), (60, 110, 190)),
    ("left_elbow", (0.56, 0.44, 0), (0.24, 0.09, 0.09), (205, 150, 120)),
    ("left_wrist", (0.74, 0.44, 0), (0.12, 0.09, 0.06), (215, 160, 130)),
)


@dataclass(frozen=True)
class PlantedClip:
    """What a tracker gets and what it should find."""

    request: SceneTracksRequest
    object_masks: np.ndarray  # (T, H, W)
    human_masks: np.ndarray
    depth: np.ndarray  # (T, H, W) meters


def _mirrored(items):
    """The items and, for those of the left side, their mirror images."""
    for joint, center, *rest in items:
        yield joint, np.array(center, float), *rest
        if joint.startswith("left"):
            yield joint.replace("left", "right"), np.array(center) * [-1.0, 1, 1], *rest


def box_man() -> tuple[BodyModel, np.ndarray]:
    """The body and the RGB color of each of its faces."""
    rest = np.full((NUM_JOINTS, 3), np.nan)
    for joint, position in _mirrored(_JOINTS.items()):
        rest[JOINT[joint]] = position
    for joint, parent in enumerate(PARENTS):
        if np.isnan(rest[joint]).any():
            rest[joint] = rest[parent]
    vertices, faces, weights, colors = [], [], [], []
    for joint, center, size, color in _mirrored(_LIMBS):
        box = trimesh.creation.box(size)
        faces.append(box.faces + sum(map(len, vertices)))
        vertices.append(box.vertices + center)
        weights.append(np.eye(NUM_JOINTS)[[JOINT[joint]] * 8])
        colors.append(np.tile(color, (len(box.faces), 1)))
    parts = map(np.concatenate, (vertices, faces, weights))
    stacked_vertices, stacked_faces, stacked_weights = parts
    body = BodyModel("boxes", stacked_vertices, stacked_faces, rest, stacked_weights)
    return body, np.concatenate(colors)


def arm_motion(frames: int, error: float = 0.0) -> BodyMotion:
    """The right arm swings up and forward; ``error`` (radians) bends it away from the truth."""
    t = np.linspace(0, 1, frames)
    lift = np.clip((np.arange(frames) - LIFT) / (frames - LIFT), 0, 1)
    rotations = np.tile(np.eye(3), (frames, NUM_JOINTS, 1, 1))
    rotations[:, 0] = _R_WORLD_REST
    turn = np.zeros((frames, 3))
    turn[:, 2] = -1.25
    rotations[:, JOINT["left_shoulder"]] = matrix_from_axis_angle(turn)
    turn[:, 2] = 1.0 - 1.3 * lift + error * np.sin(6 * t)
    rotations[:, JOINT["right_shoulder"]] = matrix_from_axis_angle(turn)
    return BodyMotion(rotations, np.tile([0.0, 0, 0.92], (frames, 1)), 24.0)


def hand_position(body: BodyModel, motion: BodyMotion) -> np.ndarray:
    """(T, 3) somewhat beyond the right wrist, before the body."""
    elbow, wrist = (motion.joints(body)[:, JOINT[f"right_{name}"]] for name in ("elbow", "wrist"))
    return wrist + 0.6 * (wrist - elbow) + [0.0, -0.06, 0.0]


Place = Callable[[int, np.ndarray], np.ndarray | None]
"""Frame and place where the hand would hold the box → where it is, None where it is not."""


def held(frame: int, hand: np.ndarray) -> np.ndarray | None:
    """The box stays with the hand."""
    return hand


@cache
def planted_clip(place: Place = held, width: int = 320, frames: int = FRAMES) -> PlantedClip:
    """Render, add noise and send it through H.264."""
    scene = _Scene.of(width)
    body, colors = box_man()
    motion = arm_motion(frames)
    hands, vertices = hand_position(body, motion), motion.vertices(body)
    shots = [
        scene.shot(t, vertices[t], body.faces, colors, place(t, hands[t])) for t in range(frames)
    ]
    images, things, humans, depths = map(np.stack, zip(*shots, strict=True))
    request = SceneTracksRequest(
        video=_through_h264(images),
        camera=scene.camera,
        first_object_mask=things[0],
        first_human_mask=humans[0],
        plate_rgb=np.rint(scene.plate).astype(np.uint8),
        plate_depth=scene.plate_depth,
        body=body,
        human_motion=arm_motion(frames, error=0.05),
    )
    return PlantedClip(request, things, humans, depths)


@dataclass(frozen=True)
class _Scene:
    camera: Camera
    plate: np.ndarray  # (H, W, 3) float
    plate_depth: np.ndarray

    @classmethod
    def of(cls, width: int) -> "_Scene":
        height = width * 9 // 16
        eye, target = np.array([-0.3, -3.2, 1.3]), np.array([-0.1, 0, 0.95])
        camera = look_at(width, height, 1.05 * width, eye, target)
        room = [[-9.0, -9, 0], [9, -9, 0], [9, 1.5, 0], [-9, 1.5, 0], [9, 1.5, 9], [-9, 1.5, 9]]
        faces = np.array([[0, 1, 2], [0, 2, 3], [3, 2, 4], [3, 4, 5]])
        raster = rasterize(camera, np.array(room), faces)
        texture = np.random.default_rng(3).uniform(-1, 1, (height, width, 3))
        texture = cv2.GaussianBlur(texture, (0, 0), width / 100)
        texture *= 12 / texture.std()
        wall = (raster.face_ids >= 2)[..., None]
        plate = np.where(wall, [150.0, 150, 142], [140.0, 110, 85]) + texture
        return cls(camera, np.clip(plate, 0, 255), raster.depth)

    def shot(self, frame, vertices, faces, colors, thing):
        """(image float, object mask, human mask, depth)."""
        human = rasterize(self.camera, vertices, faces)
        layers = [np.nan_to_num(self.plate_depth, nan=1e3), np.nan_to_num(human.depth, nan=1e3)]
        image = self.plate * self._shadow(frame)[..., None]
        if thing is not None:
            box = trimesh.creation.box((0.16, 0.12, 0.2)).subdivide()
            seen = rasterize(self.camera, box.vertices + thing, box.faces)
            layers.append(np.nan_to_num(seen.depth, nan=1e3))
        nearest = np.argmin(layers, axis=0)
        image[nearest == 1] = colors[human.face_ids[nearest == 1]]
        if thing is not None:
            high = box.triangles_center[:, 2] > 0
            tints = np.where(high[:, None], [235, 140, 30], [35, 95, 60])
            image[nearest == 2] = tints[seen.face_ids[nearest == 2]]
        rng = np.random.default_rng([frame, 7])
        light = rng.normal(0, 0.03, (*image.shape[:2], 1))  # renders' noise is mostly light
        image = image * (1 + light) + rng.normal(0, 2.0, image.shape)
        return np.clip(image, 0, 255), nearest == 2, nearest == 1, np.min(layers, axis=0)

    def _shadow(self, frame: int) -> np.ndarray:
        """(H, W) factor of the light: a soft shadow on floor and wall that moves."""
        height, width = self.plate_depth.shape
        shadow = np.zeros((height, width), np.float32)
        center = (int(width * (0.62 + 0.004 * frame)), int(height * 0.8))
        cv2.ellipse(shadow, center, (width // 6, height // 10), 0, 0, 360, 0.4, -1)
        return 1 - cv2.GaussianBlur(shadow, (0, 0), width / 80)


def _through_h264(images: np.ndarray) -> Video:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_video(path, np.rint(images).astype(np.uint8), 24.0)
        return read_video(path)


def with_frames(request: SceneTracksRequest, frames: np.ndarray) -> SceneTracksRequest:
    """The same request about other images."""
    return replace(request, video=Video(frames, request.video.fps))


def mean_iou(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean over frames 1 …; frame 0 is given."""
    axes = (1, 2)
    both, either = (found & truth).sum(axes), (found | truth).sum(axes)
    return float((both / np.maximum(either, 1))[1:].mean())
