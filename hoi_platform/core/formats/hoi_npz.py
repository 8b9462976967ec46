"""``hoi_data.npz``: what this platform itself reads. No pickle; every array is checked."""

import io
import json
from math import isnan, nan
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT_NAMES, NUM_JOINTS
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import ArraySpec, check_arrays, load_arrays, save_arrays
from hoi_platform.core.formats.contact_record import (
    HANDS,
    ContactPoints,
    ContactRecord,
    HandContact,
)
from hoi_platform.core.formats.hoi_data import JOINT_CONFIDENCE, HoiData
from hoi_platform.core.scene.parts import PARTS, BoxSpec, MeshSpec

SCHEMA_VERSION: Final = 2
_READ_VERSIONS: Final = (1, SCHEMA_VERSION)
"""Version 1 had one table, without name and legs, in place of the supports."""

_SCHEMA: Final = (
    ArraySpec("joint_names", (NUM_JOINTS,), "text"),
    ArraySpec("fps", ()),
    ArraySpec("poses", ("T", NUM_JOINTS, 3), finite=True),
    ArraySpec("translation", ("T", 3), finite=True),
    ArraySpec("rest_joints", (NUM_JOINTS, 3), finite=True),
    ArraySpec("joints", ("T", NUM_JOINTS, 3), finite=True),
    ArraySpec("Ts_world_object", ("T", 4, 4), finite=True),
    ArraySpec("obj_scale", (3,), finite=True),
    ArraySpec("betas", ("B",), finite=True),
    ArraySpec("scale", (), finite=True),
    ArraySpec("hands", ("T", 2), "bool"),
    *(
        spec
        for hand, n in zip(HANDS, "LR", strict=True)
        for spec in (
            ArraySpec(f"{hand}_points", (n, 3), finite=True),
            ArraySpec(f"{hand}_frames", (n,), "int"),
        )
    ),
    ArraySpec("record", (), "text"),
)
_OPTIONAL: Final = (JOINT_CONFIDENCE, ArraySpec("contact_confidence", ("T", 2), finite=True))
"""Absent in results of foreign tools and of versions that did not state them."""


def hoi_npz_bytes(data: HoiData) -> bytes:
    """The file's content. Raises BadInputError when joints and pose disagree."""
    data.check_kinematics()
    arrays: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "joint_names": np.array(JOINT_NAMES),
        "fps": data.motion.fps,
        "poses": data.motion.axis_angle,
        "translation": data.motion.translation,
        "rest_joints": data.rest_joints,
        "joints": data.joints,
        "Ts_world_object": data.Ts_world_object,
        "obj_scale": data.obj_scale,
        "betas": data.betas,
        "scale": data.scale,
        "hands": data.contact.hands,
        "record": json.dumps(_record(data), allow_nan=False),
    }
    optional = {
        "joint_confidence": data.joint_confidence,
        "contact_confidence": data.contact.confidence,
    }
    arrays |= {name: array for name, array in optional.items() if array is not None}
    for hand in HANDS:
        contact: HandContact = getattr(data.contact_points, hand)
        arrays |= {f"{hand}_points": contact.points, f"{hand}_frames": contact.frames}
    buffer = io.BytesIO()
    save_arrays(buffer, **arrays)
    return buffer.getvalue()


def write_hoi_npz(data: HoiData, path: Path) -> None:
    """Write ``hoi_npz_bytes``."""
    path.write_bytes(hoi_npz_bytes(data))


def read_hoi_npz(path: Path) -> HoiData:
    """Read and check the file. Raises BadInputError that names what is wrong with it."""
    arrays = load_arrays(path, "readable hoi_data.npz")
    version = int(arrays.get("schema_version", -1))
    if version not in _READ_VERSIONS:
        raise BadInputError(
            f"{path} has schema version {version}; this release reads "
            f"{' and '.join(map(str, _READ_VERSIONS))}. Upgrade it, or materialize the asset that "
            "wrote the file again"
        )
    present = tuple(spec for spec in _OPTIONAL if spec.name in arrays)
    checked = check_arrays(str(path), arrays, (*_SCHEMA, *present))
    if tuple(checked["joint_names"].tolist()) != JOINT_NAMES:
        raise BadInputError(f"{path}: joint_names are not those of the SMPL-X order")
    data = _assemble(checked, json.loads(str(checked["record"])))
    data.check_kinematics()
    return data


def _record(data: HoiData) -> dict[str, Any]:
    return {
        "meta": data.meta,
        "eval_data": {term: None if isnan(v) else v for term, v in data.eval_data.items()},
        "supports": PARTS.dump_python(list(data.supports), mode="json"),
        "contact_labels": data.contact.labels,
        "contact_interval": data.contact.interval,
        "contact_start_frame": data.contact.start_frame,
    }


def _supports(record: dict[str, Any]) -> tuple[BoxSpec | MeshSpec, ...]:
    """Raises BadInputError for parts that are not ours."""
    if "supports" not in record:
        table = record["table"]
        return () if table is None else (BoxSpec(**table, name="table"),)
    try:
        return tuple(PARTS.validate_python(record["supports"]))
    except ValidationError as error:
        raise BadInputError(f"hoi_data: the supports are not readable: {error}") from error


def _assemble(arrays: dict[str, NDArray], record: dict[str, Any]) -> HoiData:
    labels = tuple(tuple(joints) for joints in record["contact_labels"])
    left, right = (HandContact(arrays[f"{h}_points"], arrays[f"{h}_frames"]) for h in HANDS)
    return HoiData(
        motion=BodyMotion.from_axis_angle(
            arrays["poses"], arrays["translation"], float(arrays["fps"])
        ),
        rest_joints=arrays["rest_joints"],
        joints=arrays["joints"],
        Ts_world_object=arrays["Ts_world_object"],
        obj_scale=arrays["obj_scale"],
        contact_points=ContactPoints(left, right),
        contact=ContactRecord(
            labels,
            record["contact_interval"],
            record["contact_start_frame"],
            arrays["hands"],
            arrays.get("contact_confidence"),
        ),
        joint_confidence=arrays.get("joint_confidence"),
        betas=arrays["betas"],
        scale=float(arrays["scale"]),
        supports=_supports(record),
        meta=record["meta"],
        eval_data={t: nan if v is None else v for t, v in record["eval_data"].items()},
    )
