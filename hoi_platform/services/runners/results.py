"""Arrays that a runner wrote, checked per role before anything uses them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import ArraySpec, check_arrays, load_arrays
from hoi_platform.services.vision.hands import NUM_HAND_LANDMARKS

_RIGID: Final = 1e-3
"""Largest deviation of RᵀR from the identity and of det R from 1; chosen above float32's rounding
and that of text files."""

_HAND_M: Final = (0.02, 0.5)
"""Smallest and largest extent of a hand along an axis (m); chosen: a child's fist seen end on, an
open hand with slack."""

Arrays = dict[str, NDArray]


@dataclass(frozen=True)
class RoleResult:
    """The arrays that a role's runner has to write, and what holds beyond their shapes."""

    schema: tuple[ArraySpec, ...]
    checks: tuple[Callable[[Arrays], list[str]], ...] = ()


def _rigid(name: str, rotations: NDArray) -> list[str]:
    products = np.swapaxes(rotations, -1, -2) @ rotations
    off = np.abs(products - np.eye(3)).max(axis=(-1, -2)) > _RIGID
    off |= np.abs(np.linalg.det(rotations) - 1) > _RIGID
    if not off.any():
        return []
    first = tuple(int(i) for i in np.argwhere(off)[0])
    return [f"{name}: {int(off.sum())} matrices are not rotations (first at index {first})"]


def _poses(arrays: Arrays) -> list[str]:
    Ts = arrays["Ts_cam_object"]
    mistakes = _rigid("Ts_cam_object", Ts[:, :3, :3])
    if not np.allclose(Ts[:, 3], [0, 0, 0, 1]):
        mistakes.append("Ts_cam_object: a last row is not 0 0 0 1")
    return mistakes


def _share(name: str) -> Callable[[Arrays], list[str]]:
    def check(arrays: Arrays) -> list[str]:
        values = arrays[name]
        inside = (values >= 0) & (values <= 1)
        return [] if inside.all() else [f"{name} has values outside of 0 to 1"]

    return check


def _positive_depth(arrays: Arrays) -> list[str]:
    known = arrays["depth"][np.isfinite(arrays["depth"])]
    if np.isinf(arrays["depth"]).any() or (known <= 0).any():
        return ["depth has values that are neither positive nor nan"]
    return []


def _hand(side: str) -> Callable[[Arrays], list[str]]:
    """A frame has a whole hand, or nan with confidence 0."""

    def check(arrays: Arrays) -> list[str]:
        px, meters = arrays[f"{side}_px"], arrays[f"{side}_m"]
        known = np.isfinite(np.concatenate([px[..., :2], meters], axis=-1))
        found = known.all(axis=(1, 2))
        mistakes = []
        if (known.any(axis=(1, 2)) & ~found).any() or np.isinf(px).any() or np.isinf(meters).any():
            mistakes.append(f"{side}_px and {side}_m: a frame has a whole hand, or nan in both")
        confidence = px[..., 2]
        if not ((confidence >= 0) & (confidence <= 1)).all() or confidence[~found].any():
            mistakes.append(f"{side}_px: confidence is in 0 to 1, and 0 where there is no hand")
        spans = np.ptp(meters[found], axis=1).max(axis=-1)
        if ((spans < _HAND_M[0]) | (spans > _HAND_M[1])).any():
            mistakes.append(
                f"{side}_m: a hand spans {spans.min():.3g} to {spans.max():.3g}; it is in meters"
            )
        return mistakes

    return check


def _labels_are_sure(arrays: Arrays) -> list[str]:
    sure = arrays["confidence"] > 0
    if (arrays["hands"] == sure).all():
        return []
    return ["confidence is above 0 where a hand is labeled, and 0 elsewhere"]


ROLES: Final[dict[str, RoleResult]] = {
    "object_pose": RoleResult(
        (
            ArraySpec("Ts_cam_object", ("T", 4, 4), finite=True),
            ArraySpec("confidence", ("T",), finite=True),
        ),
        (_poses, _share("confidence")),
    ),
    "masks": RoleResult(
        (
            ArraySpec("object_masks", ("T", "H", "W"), "bool"),
            ArraySpec("human_masks", ("T", "H", "W"), "bool"),
            ArraySpec("confidence", ("T", 2), finite=True),
        ),
        (_share("confidence"),),
    ),
    "depth": RoleResult((ArraySpec("depth", ("T", "H", "W")),), (_positive_depth,)),
    "human_pose": RoleResult(
        (
            ArraySpec("rotations_incam", ("T", NUM_JOINTS, 3, 3), finite=True),
            ArraySpec("translation_incam", ("T", 3), finite=True),
            ArraySpec("keypoints_px", ("T", "K", 3)),
            ArraySpec("joint_confidence", ("T", NUM_JOINTS), finite=True),
            ArraySpec("foot_contact", ("T", 2), finite=True),
        ),
        (
            lambda arrays: _rigid("rotations_incam", arrays["rotations_incam"]),
            _share("joint_confidence"),
            _share("foot_contact"),
        ),
    ),
    "hands": RoleResult(
        tuple(
            ArraySpec(f"{side}_{unit}", ("T", NUM_HAND_LANDMARKS, 3))
            for side in ("left", "right")
            for unit in ("px", "m")
        ),
        (_hand("left"), _hand("right")),
    ),
    "contact": RoleResult(
        (
            ArraySpec("hands", ("T", 2), "bool"),
            ArraySpec("confidence", ("T", 2), finite=True),
        ),
        (_share("confidence"), _labels_are_sure),
    ),
}
"""Role → what its ``result.npz`` holds. Camera frame: +x right, +y down, +z forward, meters."""


def read_result(path: Path, role: str, frames: int, size: tuple[int, int]) -> Arrays:
    """The checked arrays of a role; ``size`` is (height, width) of the video.

    Raises BadInputError that lists every mistake with what was found and expected.
    """
    wanted = ROLES[role]
    names = {spec.name for spec in wanted.schema}
    arrays = load_arrays(path, "readable npz without pickles", names)
    checked = check_arrays(path.name, arrays, _fixed(wanted.schema, frames, size))
    if mistakes := [text for check in wanted.checks for text in check(checked)]:
        raise BadInputError(f"{path.name}: " + "; ".join(mistakes))
    return checked


def _fixed(
    schema: Sequence[ArraySpec], frames: int, size: tuple[int, int]
) -> tuple[ArraySpec, ...]:
    """The schema with the clip's own numbers in place of T, H and W."""
    numbers: dict[int | str, int] = {"T": frames, "H": size[0], "W": size[1]}
    return tuple(
        ArraySpec(s.name, tuple(numbers.get(n, n) for n in s.shape), s.kind, s.finite)
        for s in schema
    )
