"""A rendered scene as files: ours (JSON, npz, PNG, EXR) and the reference's pickles."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from hoi_platform.core.geometry.transforms import inverse
from hoi_platform.services.artifacts.files import move_whole, write_whole
from hoi_platform.services.blender.conditioning import RenderedScene
from hoi_platform.services.body.anny_body import save_body
from hoi_platform.services.body.first_frame import save_first_frame


def write_scene_files(scene: RenderedScene, output: Callable[[str], Path]) -> None:
    """Write every file of ``scene_render``; ``output`` gives the place of each by its key."""
    paths = scene.render.paths
    move_whole(paths["frame"], output("frame"))
    for name in ("depth", "plate"):
        _move_files(paths[name], output(name))
    tracker = output("foundation_pose")
    for name in ("masks", "human_masks"):
        _move_files(paths[name], tracker / name)
    _write_tracker_inputs(scene, tracker)
    write_whole(output("scene"), scene.spec.model_dump_json(indent=1) + "\n")
    _pickle(output("camera_pickle"), _reference_camera(scene))
    person = output("person")
    save_body(scene.body, person / "body.npz")
    np.save(person / "colors.npy", scene.colors)
    save_first_frame(scene.first_frame, person)


def _move_files(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.iterdir()):
        move_whole(file, target / file.name)


def _write_tracker_inputs(scene: RenderedScene, folder: Path) -> None:
    camera = scene.spec.camera.camera()
    np.savetxt(folder / "cam_K.txt", camera.K, fmt="%.9g")
    T_cam_object = camera.T_cam_world @ scene.spec.T_world_object_array()
    _pickle(folder / "first_frame_pose.pickle", {"T_cam_object": T_cam_object})
    first = scene.first_frame
    character = {
        "name": scene.spec.character,
        "poses": first.axis_angle.reshape(1, -1),
        "trans": first.translation,
        "joints": first.joints(scene.body),
        "T_world_person": np.array(scene.spec.T_world_person),
    }
    _pickle(folder / "character_data.pickle", character)


def _reference_camera(scene: RenderedScene) -> dict[str, Any]:
    """The reference's camera file. Its camera looks along -z with +y up, as Blender's does."""
    spec = scene.spec
    T_world_cam = np.array(spec.camera.T_world_cam)
    T_world_object = spec.T_world_object_array()
    R_object = T_world_object[:3, :3]
    return {
        "R": T_world_cam[:3, :3] @ np.diag([1.0, -1.0, -1.0]),
        "t": T_world_cam[:3, 3],
        "obj_R": R_object,
        "obj_t": T_world_object[:3, 3],
        "obj_euler": Rotation.from_matrix(R_object).as_euler("xyz"),
        "obj_location": T_world_object[:3, 3],
        "obj_scale": np.array(spec.object_scale),
        "focal_length": spec.camera.focal_px,
        "resolution": (spec.camera.width_px, spec.camera.height_px),
        "T_cam_world": inverse(T_world_cam),
    }


def _pickle(path: Path, content: dict[str, Any]) -> None:
    write_whole(path, pickle.dumps(content, protocol=4))
