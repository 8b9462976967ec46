"""The checks of a clip: numbers, camera, masks, terms of the optimizer, motion, support, hold.

Those of the reference come first, in its order.
"""

from math import nan

from hoi_platform.core.filtering import measures
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.registry import FilterCheck, Judged
from hoi_platform.core.filtering.silhouettes import clip_value


def _finite_values(judged: Judged) -> Check:
    return Check.equal("finite_values", judged.unusable_numbers, 0, "numbers")


def _frames(judged: Judged) -> Check:
    least = judged.config.min_frames or 1
    return Check.at_least("frames", len(judged.clip.data), least, "frames")


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


def _keypoints(judged: Judged) -> Check:
    value = judged.clip.data.eval_data.get("keypoint_tracking", nan)
    return Check.at_most("keypoint_tracking", value, judged.config.keypoint_thr, "")


def _contact(judged: Judged) -> Check:
    value = judged.clip.data.eval_data.get("contact", nan)
    return Check.at_most("contact", value, judged.config.contact_thr, "")


def _may_touch(judged: Judged) -> bool:
    """Static objects need not have a value of the contact term."""
    static = judged.config.filter_object_motion == "static_only"
    return not static or "contact" in judged.clip.data.eval_data


def _separation(judged: Judged) -> Check:
    value = judged.measured(measures.initial_separation_m)
    least = judged.config.initial_penetration_thr
    return Check.at_least("initial_separation", value, least, "m")


def _human_motion(judged: Judged) -> Check:
    value = judged.measured(measures.human_motion_m)
    return Check.at_least("human_motion", value, judged.config.human_static_thr, "m")


def _support_gap(judged: Judged) -> Check:
    value = judged.measured(measures.support_gap_m)
    return Check.at_most("support_gap", value, judged.config.table_tol, "m")


def _object_motion(judged: Judged) -> Check:
    motion, config = judged.measured(measures.object_motion_m), judged.config
    match config.filter_object_motion:
        case "dynamic_only":
            return Check.at_least("object_motion", motion, config.object_static_thr, "m")
        case "static_only":
            return Check.at_most("object_motion", motion, config.object_static_thr, "m")
        case "all":
            return Check.at_least("object_motion", motion, 0.0, "m")


def _unheld_motion(judged: Judged) -> Check:
    value = judged.measured(measures.unheld_motion)
    return Check.at_most("unheld_motion", value, judged.config.unheld_motion_thr, "of the path")


CHECKS = (
    FilterCheck("finite_values", _finite_values, 10),
    FilterCheck("frames", _frames, 20),
    FilterCheck("camera_translation", _camera, 30),
    FilterCheck("first_frame_human", _first_frame, 40),
    FilterCheck("object_mask_misalignment", _object_mask, 50),
    FilterCheck("total_mask_misalignment", _total_mask, 60),
    FilterCheck("keypoint_tracking", _keypoints, 70),
    FilterCheck("contact", _contact, 80, _may_touch),
    FilterCheck("initial_separation", _separation, 90),
    FilterCheck("human_motion", _human_motion, 100),
    FilterCheck("support_gap", _support_gap, 110),
    FilterCheck("object_motion", _object_motion, 120),
    FilterCheck("unheld_motion", _unheld_motion, 130),
)
