"""The clip in its scene: penetration, motion, support, hold."""

from hoi_platform.core.filtering import measures
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.registry import FilterCheck, Judged


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
    FilterCheck("initial_separation", _separation, 90),
    FilterCheck("human_motion", _human_motion, 100),
    FilterCheck("support_gap", _support_gap, 110),
    FilterCheck("object_motion", _object_motion, 120),
    FilterCheck("unheld_motion", _unheld_motion, 130),
)
