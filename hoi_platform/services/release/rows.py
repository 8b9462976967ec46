"""A clip as rows of a release's tables."""

import json
from typing import Any

import numpy as np

from hoi_platform.core.formats.hoi_data import PACKAGED_ORIGIN, HoiData
from hoi_platform.core.formats.release_columns import CLIPS, FRAMES
from hoi_platform.core.scene.parts import PARTS
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.splits import Split
from hoi_platform.services.release.arrow import absent, arrow_schema, ragged, stacked
from hoi_platform.services.release.plan import ReleasedClip, video_path


def clip_row(released: ReleasedClip, data: HoiData, split: Split, episode: int) -> dict[str, Any]:
    """Its row of the table of clips."""
    clip = released.clip
    row: dict[str, Any] = {
        "poster": _poster(released),
        "clip_id": clip.path,
        "episode_index": episode,
        "object": released.object_path,
        "task": clip.object_id.task,
        "character": clip.character,
        "scene": clip.scene,
        "seed": clip.seed,
        "fps": data.motion.fps,
        "frames": len(data),
        "video": video_path(split, clip),
        "mesh": f"{released.mesh_folder}/model.obj",
        "object_scale": data.obj_scale.tolist(),
        "object_shape": released.shape,
        "commercial_ok": released.commercial_ok,
        "licenses": [f"{item.part}: {item.name}" for item in released.licenses],
        "video_backend": released.stages["interaction_video"],
        "stages": json.dumps(released.stages),
        "rest_joints": data.rest_joints.tolist(),
        "body_shape": data.betas.tolist(),
        "supports": json.dumps(PARTS.dump_python(list(data.supports), mode="json")),
        "contact_labels": [list(joints) for joints in data.contact.labels],
        "contact_interval": data.contact.interval,
        "contact_start_frame": data.contact.start_frame,
        "checks": json.dumps([check.to_json() for check in released.verdict.checks]),
        "fingerprint": released.record.fingerprint,
    }
    row |= _camera(released, data)
    return row | {f"accuracy_{name}": value for name, value in released.accuracy.items()}


def clips_table(rows: list[dict[str, Any]]) -> Any:
    """The rows as an Arrow table; what a clip does not have is null."""
    import pyarrow as pa

    names = [column.name for column in CLIPS]
    complete = [{name: row.get(name) for name in names} for row in rows]
    return pa.Table.from_pylist(complete, arrow_schema(CLIPS))


def frames_table(clip_id: str, data: HoiData, episode: int, first: int) -> Any:
    """A clip's frames as an Arrow table; ``first`` is the number of its first row."""
    import pyarrow as pa

    T, points = len(data), data.contact_points
    frame = np.arange(T)
    arrays: dict[str, np.ndarray | None] = {
        "episode_index": np.full(T, episode),
        "frame_index": frame,
        "timestamp": frame / data.motion.fps,
        "index": first + frame,
        "body_rotations": data.motion.axis_angle,
        "body_translation": data.motion.translation,
        "joints": data.joints,
        "joint_confidence": data.joint_confidence,
        "T_world_object": data.Ts_world_object,
        "hand_contact": data.contact.hands,
        "hand_contact_confidence": data.contact.confidence,
    }
    touched = {
        "left_hand_points": [points.left_hand.at(n) for n in range(T)],
        "right_hand_points": [points.right_hand.at(n) for n in range(T)],
    }
    columns = []
    for column in FRAMES:
        if column.name == "clip_id":
            columns.append(pa.array([clip_id] * T))
        elif column.name in touched:
            columns.append(ragged(column, touched[column.name]))
        else:
            values = arrays[column.name]
            columns.append(absent(column, T) if values is None else stacked(column, values))
    return pa.table(columns, schema=arrow_schema(FRAMES))


def _poster(released: ReleasedClip) -> dict[str, Any] | None:
    if released.poster is None:
        return None
    return {"bytes": released.poster.path.read_bytes(), "path": f"{released.clip.name}.jpg"}


def _camera(released: ReleasedClip, data: HoiData) -> dict[str, Any]:
    """The clip's camera in the packaged world; nothing where its scene is unknown."""
    if released.scene is None or PACKAGED_ORIGIN not in data.meta:
        return {}
    camera = SceneSpec.model_validate_json(released.scene.path.read_bytes()).camera.camera()
    T = camera.T_world_cam.copy()
    T[:3, 3] -= np.array(data.meta[PACKAGED_ORIGIN])
    return {
        "camera_focal_px": camera.focal_px,
        "camera_size_px": [camera.width_px, camera.height_px],
        "T_world_camera": T.tolist(),
    }
