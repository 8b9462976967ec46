"""A results folder as the reference writes it: its pickles, in single precision."""

import os
import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform_tests.hoi_samples import sample_hoi
from hoi_platform_tests.services.viewer.scenes import write_box_obj

GOOD: Final = "ComAsset/hammer/kid_indoor2-manipulation_rand00001"
FRAMES: Final = 12


def sample() -> HoiData:
    """What the file holds: a person who moves, an object that is lifted, held throughout."""
    return sample_hoi(FRAMES).packaged()


def content(data: HoiData) -> dict[str, Any]:
    """The reference's dictionary: no rest joints, landmarks behind the 55 joints."""
    poses = data.motion.axis_angle.astype(np.float32).reshape(FRAMES, -1)
    landmarks = np.zeros((FRAMES, 72, 3), np.float32)
    held = {frame: np.zeros((1, 3), np.float32) for frame in range(FRAMES)}
    return {
        "human_data": {
            "poses": poses[:, :66],
            "left_hand_pose": poses[:, 75:120],
            "right_hand_pose": poses[:, 120:],
            "trans": (data.motion.translation - [0.0, -0.3, 0.01]).astype(np.float32),
            "betas": np.zeros(10, np.float32),
            "scale": 1.0,
            "joints": np.concatenate([data.joints.astype(np.float32), landmarks], axis=1),
        },
        "obj_data": {
            "obj_R": data.Ts_world_object[:, :3, :3].astype(np.float32),
            "obj_t": data.Ts_world_object[:, :3, 3].astype(np.float32),
            "obj_scale": [2.5, 2.5, 2.5],
            "obj_contact_points": {"left_hand": {}, "right_hand": held},
        },
        "eval_data": {"keypoint_tracking": np.float32(0.5), "contact": 0.1},
        "meta": {"obj_path": "/home/somebody/model.obj"},
        "scene_data": {"table": {"pos": [0, 0, 0.4], "size": [1, 1, 0.05]}},
    }


def write_clip(root: Path, clip: str, what: Any, *, accepted: bool | None = True) -> None:
    """One clip; ``what`` is pickled, bytes are written as they are."""
    generation = root / "generation"
    raw, valid = (generation / f"4dhoi_recon_smplx{end}" / clip for end in ("", "_valid"))
    text = what if isinstance(what, bytes) else pickle.dumps(what)
    raw.mkdir(parents=True)
    (raw / "hoi_data.pkl").write_bytes(text)
    if accepted is False:
        (raw / "invalid").touch()
    if accepted:
        for name in ("hoi_data", "mesh_data", "result_vis"):
            (valid / name).mkdir(parents=True)
        (valid / "hoi_data" / "hoi_data.pkl").write_bytes(text)
        write_box_obj(valid / "mesh_data").rename(valid / "mesh_data" / "model.obj")
        (valid / "result_vis" / "recon_result.mp4").write_bytes(b"a video")
        (valid / "result_vis" / "recon_result.html").write_text("<script>alert(1)</script>")
    mesh = (generation / "mesh" / clip).parent
    mesh.mkdir(parents=True, exist_ok=True)
    write_box_obj(mesh)
    for folder, ending in (("videos_kling", ".mp4"), ("asset_renders", ".png")):
        file = generation / folder / f"{clip}{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"a video")
    Image.fromarray(np.zeros((72, 128, 3), np.uint8)).save(file)


class RunsCode:
    """Its pickle runs a command when it is opened by an unpickler that trusts it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)
