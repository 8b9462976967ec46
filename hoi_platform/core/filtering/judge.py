"""All checks of the filter; none is skipped because another one failed.

The order is the reference's (facts of its released code): camera, first frame, masks, terms of
the optimizer, initial penetration, motion of the person, support, motion of the object. One more
follows: what moves must be held.
"""

from collections.abc import Callable
from math import nan

import numpy as np

from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.filtering import measures
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.inputs import FilterInput
from hoi_platform.core.filtering.silhouettes import Misalignment, clip_value, misalignment
from hoi_platform.core.filtering.truncation import kept_frames
from hoi_platform.core.filtering.verdict import Verdict

Progress = Callable[[float, str], None]


def judge(
    clip: FilterInput, config: FilteringConfig, progress: Progress = lambda _f, _t: None
) -> Verdict:
    """Measure everything and decide. A quantity that cannot be measured is nan and never passes.

    When ``min_frames`` is set and the clip has a good beginning of that length, all checks are
    about that beginning; terms of the optimizer are those of the whole clip.
    """
    total = len(clip.data)
    progress(0.0, "silhouettes")
    errors = misalignment(clip) if clip.finite else _nothing(total)
    kept = kept_frames(errors, config)
    cut = clip.first(kept)
    progress(0.7, "camera and motion")
    checks = (
        Check.equal("finite_values", clip.unusable_numbers, 0, "numbers"),
        Check.at_least("frames", kept, config.min_frames or 1, "frames"),
        *_image_checks(cut, Misalignment(errors.object[:kept], errors.total[:kept]), config),
        *_term_checks(cut, config),
        *_world_checks(cut, config),
    )
    progress(1.0, "judged")
    return Verdict(checks, kept, total)


def _image_checks(clip: FilterInput, errors: Misalignment, config: FilteringConfig) -> list[Check]:
    first_frame = _measured(measures.first_frame_human_m, clip)
    camera = measures.camera_translation_m(clip)
    return [
        Check.at_most("camera_translation", camera, config.camera_trans_thr, "m"),
        Check.at_most("first_frame_human", first_frame, config.first_frame_human_tol, "m"),
        Check.at_most(
            "object_mask_misalignment", clip_value(errors.object), config.object_mask_tol, ""
        ),
        Check.at_most(
            "total_mask_misalignment", clip_value(errors.total), config.total_mask_tol, ""
        ),
    ]


def _term_checks(clip: FilterInput, config: FilteringConfig) -> list[Check]:
    """Final values of the optimizer's terms; the contact term is not asked of static objects."""
    terms = clip.data.eval_data
    checks = [
        Check.at_most(
            "keypoint_tracking", terms.get("keypoint_tracking", nan), config.keypoint_thr, ""
        )
    ]
    if config.filter_object_motion != "static_only" or "contact" in terms:
        checks.append(Check.at_most("contact", terms.get("contact", nan), config.contact_thr, ""))
    return checks


def _world_checks(clip: FilterInput, config: FilteringConfig) -> list[Check]:
    separation = _measured(measures.initial_separation_m, clip)
    human_motion = _measured(measures.human_motion_m, clip)
    gap = _measured(measures.support_gap_m, clip)
    unheld = _measured(measures.unheld_motion, clip)
    return [
        Check.at_least("initial_separation", separation, config.initial_penetration_thr, "m"),
        Check.at_least("human_motion", human_motion, config.human_static_thr, "m"),
        Check.at_most("support_gap", gap, config.table_tol, "m"),
        _object_motion_check(clip, config),
        Check.at_most("unheld_motion", unheld, config.unheld_motion_thr, "of the path"),
    ]


def _object_motion_check(clip: FilterInput, config: FilteringConfig) -> Check:
    motion = _measured(measures.object_motion_m, clip)
    match config.filter_object_motion:
        case "dynamic_only":
            return Check.at_least("object_motion", motion, config.object_static_thr, "m")
        case "static_only":
            return Check.at_most("object_motion", motion, config.object_static_thr, "m")
        case "all":
            return Check.at_least("object_motion", motion, 0.0, "m")


def _measured(measure: Callable[[FilterInput], float], clip: FilterInput) -> float:
    return measure(clip) if clip.finite else nan


def _nothing(frames: int) -> Misalignment:
    return Misalignment(np.full(frames, nan), np.full(frames, nan))
