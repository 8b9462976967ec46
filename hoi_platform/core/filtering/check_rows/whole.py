"""The result as a whole: numbers and frames."""

from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.registry import FilterCheck, Judged


def _finite_values(judged: Judged) -> Check:
    return Check.equal("finite_values", judged.unusable_numbers, 0, "numbers")


def _frames(judged: Judged) -> Check:
    least = judged.config.min_frames or 1
    return Check.at_least("frames", len(judged.clip.data), least, "frames")


CHECKS = (FilterCheck("finite_values", _finite_values, 10), FilterCheck("frames", _frames, 20))
