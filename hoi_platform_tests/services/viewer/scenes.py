"""A small clip to look at: a stick figure, a box with two materials, a table."""

from pathlib import Path

import numpy as np

from hoi_platform.core.formats.contact_record import ContactPoints, ContactRecord, HandContact
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.camera import Camera, look_at
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.spec import CameraSpec, RoomSpec, SceneSpec
from hoi_platform.services.video.codec import Video
from hoi_platform.services.viewer.request import Ghost, VisualsRequest
from hoi_platform_tests.hoi_samples import box_mesh, moving, object_path, stick_body

OBJ = """mtllib model.mtl
v -0.5 -0.5 0
v 0.5 -0.5 0
v 0.5 0.5 0
v -0.5 0.5 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
vn 0 0 1
vn 1 0 0
usemtl red
f 1//1 2//1 3//1
f 1//1 3//2 4//2
usemtl label
f 1/1/1 2/2/1 3/3/1
"""
MTL = "newmtl red\nKd 0.2140411 0 1\n\nnewmtl label\nKd 1 1 1\nmap_Kd texture_0.png\n"


def write_sample_obj(folder: Path) -> Path:
    """A clean OBJ with a color and a texture."""
    from PIL import Image

    (folder / "model.obj").write_text(OBJ)
    (folder / "model.mtl").write_text(MTL)
    texture = np.zeros((4, 4, 3), np.uint8)
    texture[:2] = [0, 255, 0]
    Image.fromarray(texture).save(folder / "texture_0.png")
    return folder / "model.obj"


def write_box_obj(folder: Path) -> Path:
    """A plain cube of 20 cm."""
    vertices, faces = box_mesh((0.2, 0.2, 0.2))
    lines = [f"v {x} {y} {z}" for x, y, z in vertices]
    lines += [f"f {a} {b} {c}" for a, b, c in faces + 1]
    (folder / "box.obj").write_text("\n".join(lines) + "\n")
    return folder / "box.obj"


def plain_scene(camera: Camera, T_world_object: np.ndarray) -> SceneSpec:
    """An empty room with a table, seen by this camera."""
    return SceneSpec(
        clip_id="D/C/kid_room_rand00001",
        scene="room",
        character="kid",
        seed=1,
        camera=CameraSpec.of(camera),
        room=RoomSpec(),
        supports=[BoxSpec(pos=(0.5, 1.2, 0.73), size=(1.0, 0.6, 0.04), name="table", legs=True)],
        lights=[],
        object_scale=(1.0, 1.0, 1.0),
        T_world_object=T_world_object.tolist(),
        T_world_person=np.eye(4).tolist(),
    )


def sample_request(folder: Path, frames: int = 4, title: str = "a clip") -> VisualsRequest:
    """A clip of 160 x 90 pixels with contact and truth."""
    camera = look_at(160, 90, 184.0, np.array([3.5, 2.0, 1.6]), np.array([0.2, 0.6, 0.9]))
    body, motion = stick_body(0.1), moving(frames, np.random.default_rng(0))
    Ts = object_path(frames, (0.4, 1.2, 0.85))
    touched = HandContact.from_frames({1: np.array([[0.1, 0, 0], [0.1, 0.02, 0]])})
    data = HoiData.of(
        body,
        motion,
        Ts_world_object=Ts,
        obj_scale=np.ones(3),
        contact_points=ContactPoints(HandContact.from_frames({}), touched),
        contact=ContactRecord((), 8, 0, np.tile([False, True], (frames, 1))),
    )
    spec = plain_scene(camera, Ts[0])
    video = Video(np.full((frames + 1, 90, 160, 3), 90, np.uint8), 24.0)
    return VisualsRequest(
        title=title,
        video=video,
        camera=camera,
        body=body,
        body_colors=np.full((len(body.rest_vertices), 3), 0.4),
        data=data,
        mesh_obj=write_box_obj(folder),
        spec=spec,
        truth=Ghost(motion, Ts),
    )
