"""All checks of the filter; none is skipped because another one failed.

The order is the reference's (facts of its released code): camera, first frame, masks, terms of
the optimizer, initial penetration, motion of the person, support, motion of the object. Those of
our own follow: what moves must be held.
"""

from collections.abc import Callable, Collection, Iterator
from math import nan

import numpy as np

from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.inputs import FilterInput
from hoi_platform.core.filtering.registry import CHECKS, Judged
from hoi_platform.core.filtering.silhouettes import Misalignment, misalignment
from hoi_platform.core.filtering.truncation import kept_frames
from hoi_platform.core.filtering.verdict import Verdict

Progress = Callable[[float, str], None]


def judge(
    clip: FilterInput,
    config: FilteringConfig,
    progress: Progress = lambda _f, _t: None,
    skipped: Collection[str] = (),
) -> Verdict:
    """Measure everything and decide. A quantity that cannot be measured is nan and never passes.

    When ``min_frames`` is set and the clip has a good beginning of that length, all checks are
    about that beginning; terms of the optimizer are those of the whole clip. ``skipped`` names
    checks that say nothing about the clip's task.
    """
    total = len(clip.data)
    progress(0.0, "silhouettes")
    errors = misalignment(clip) if clip.finite else _nothing(total)
    kept = kept_frames(errors, config)
    progress(0.7, "camera and motion")
    cut = Misalignment(errors.object[:kept], errors.total[:kept])
    judged = Judged(clip.first(kept), cut, config, clip.unusable_numbers)
    checks = tuple(_checks(judged, skipped))
    progress(1.0, "judged")
    return Verdict(checks, kept, total)


def _checks(judged: Judged, skipped: Collection[str]) -> Iterator[Check]:
    rows = {name: check for name, check in CHECKS.rows().items() if name not in skipped}
    for check in sorted(rows.values(), key=lambda check: (check.order, check.name)):
        if check.applies(judged):
            yield check.judge(judged)


def _nothing(frames: int) -> Misalignment:
    return Misalignment(np.full(frames, nan), np.full(frames, nan))
