"""Final values of the optimizer's terms, over the whole clip."""

from math import nan

from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.registry import FilterCheck, Judged


def _keypoints(judged: Judged) -> Check:
    value = judged.clip.data.eval_data.get("keypoint_tracking", nan)
    return Check.at_most("keypoint_tracking", value, judged.config.keypoint_thr, "")


def _contact(judged: Judged) -> Check:
    value = judged.clip.data.eval_data.get("contact", nan)
    return Check.at_most("contact", value, judged.config.contact_thr, "")


def _may_touch(judged: Judged) -> bool:
    """The contact term is not asked of static objects."""
    static = judged.config.filter_object_motion == "static_only"
    return not static or "contact" in judged.clip.data.eval_data


CHECKS = (
    FilterCheck("keypoint_tracking", _keypoints, 70),
    FilterCheck("contact", _contact, 80, _may_touch),
)
