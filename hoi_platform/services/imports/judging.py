"""The filter on a foreign result: the checks that need no surface of the body, masks or scene."""

from collections.abc import Collection
from math import nan
from typing import Final

import numpy as np

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import NUM_JOINTS
from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.inputs import FilterInput
from hoi_platform.core.filtering.registry import CHECKS, Judged
from hoi_platform.core.filtering.silhouettes import Misalignment
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.geometry.mesh import TriangleMesh

ANEW: Final = (
    "finite_values",
    "frames",
    "keypoint_tracking",
    "contact",
    "human_motion",
    "object_motion",
    "unheld_motion",
)
"""The checks that numbers of the result and its mesh decide."""


def not_judged() -> list[str]:
    """The checks that only the reference's own filter has made."""
    return [name for name in CHECKS.rows() if name not in ANEW]


def judge_anew(
    data: HoiData,
    mesh: TriangleMesh,
    config: FilteringConfig,
    accepted: bool | None,
    skipped: Collection[str] = (),
) -> Verdict:
    """What this platform's filter says, and what the reference's said of the rest.

    ``accepted_by_reference`` is one of the checks, because masks, camera and distances cannot be
    judged here; nan, which never passes, where the reference's filter did not run. ``skipped`` has
    the checks that say nothing about the clip's task.
    """
    judged = Judged(_blind(data, mesh), Misalignment(*np.full((2, len(data)), nan)), config, 0)
    said = nan if accepted is None else int(accepted)
    rows = CHECKS.rows()
    asked = [rows[name] for name in ANEW if name not in skipped]
    checks = [row.judge(judged) for row in asked if row.applies(judged)]
    theirs = Check.equal("accepted_by_reference", said, 1, "")
    return Verdict((*checks, theirs), len(data), len(data))


def _blind(data: HoiData, mesh: TriangleMesh) -> FilterInput:
    """A clip of which nothing was seen: one black pixel per frame, a body without a surface."""
    frames, camera = len(data), Camera(1, 1, 1.0, np.eye(4))
    faces = np.zeros((0, 3), np.int64)
    skeleton = BodyModel(
        "skeleton", np.zeros((0, 3)), faces, data.rest_joints, np.zeros((0, NUM_JOINTS))
    )
    return FilterInput(
        data=data,
        body=skeleton,
        mesh=mesh,
        camera=camera,
        frames=np.zeros((frames, 1, 1, 3), np.uint8),
        object_masks=np.zeros((frames, 1, 1), bool),
        human_masks=np.zeros((frames, 1, 1), bool),
        plate_depth=np.full((1, 1), nan),
        p_world_rendered_pelvis=np.full(3, nan),
        T_world_rendered_object=np.full((4, 4), nan),
    )
