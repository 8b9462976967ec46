"""The clip against its video: camera, first frame, silhouettes."""

from hoi_platform.core.filtering import measures
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.registry import FilterCheck, Judged
from hoi_platform.core.filtering.silhouettes import clip_value


def _camera(judged: Judged) -> Check:
    moved = measures.camera_translation_m(judged.clip)
    return Check.at_most("camera_translation", moved, judged.config.camera_trans_thr, "m")


def _first_frame(judged: Judged) -> Check:
    offset = judged.measured(measures.first_frame_human_m)
    return Check.at_most("first_frame_human", offset, judged.config.first_frame_human_tol, "m")


def _object_mask(judged: Judged) -> Check:
    value = clip_value(judged.errors.object)
    return Check.at_most("object_mask_misalignment", value, judged.config.object_mask_tol, "")


def _total_mask(judged: Judged) -> Check:
    value = clip_value(judged.errors.total)
    return Check.at_most("total_mask_misalignment", value, judged.config.total_mask_tol, "")


CHECKS = (
    FilterCheck("camera_translation", _camera, 30),
    FilterCheck("first_frame_human", _first_frame, 40),
    FilterCheck("object_mask_misalignment", _object_mask, 50),
    FilterCheck("total_mask_misalignment", _total_mask, 60),
)
