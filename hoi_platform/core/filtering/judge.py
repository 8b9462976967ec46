"""How much of a clip is kept, and all checks of it; none is skipped because another one failed."""

from collections.abc import Collection, Iterator
from math import nan
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array, Progress
from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.inputs import FilterInput
from hoi_platform.core.filtering.registry import CHECKS, Judged
from hoi_platform.core.filtering.silhouettes import Misalignment, misalignment
from hoi_platform.core.filtering.verdict import Verdict

_MEDIAN_FRAMES: Final = 5
"""Frames of the running median; chosen: shorter disturbances do not end a good beginning."""


def judge(
    clip: FilterInput,
    config: FilteringConfig,
    progress: Progress = lambda _f, _t: None,
    skipped: Collection[str] = (),
) -> Verdict:
    """Measure everything and decide. A quantity that cannot be measured is nan and never passes.

    When ``min_frames`` is set and the clip has a good beginning of that length, all checks are
    about that beginning; terms of the optimizer are those of the whole clip. ``skipped`` names
    checks that say nothing about the clip's task. Raises ConfigError for a row that does not
    return a ``Check`` of its own name.
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
    rows = [row for name, row in CHECKS.rows().items() if name not in skipped]
    for row in sorted(rows, key=lambda row: (row.order, row.name)):
        if row.applies(judged):
            yield _named(row.judge(judged), row.name)


def _named(check: Check, name: str) -> Check:
    """The check, which has to be one and to be called what its row is called."""
    if isinstance(check, Check) and check.name == name:
        return check
    found = f"a Check called {check.name!r}" if isinstance(check, Check) else repr(check)
    raise ConfigError(
        f"the check {name!r} returns {found}; return a Check called {name!r}, for instance "
        f'Check.at_most("{name}", value, limit, unit)'
    )


def _nothing(frames: int) -> Misalignment:
    return Misalignment(np.full(frames, nan), np.full(frames, nan))


def kept_frames(errors: Misalignment, config: FilteringConfig) -> int:
    """How many first frames to keep.

    All of them, unless ``min_frames`` is set and at least so many precede the first frame whose
    misalignment stays above its limit.
    """
    total = len(errors.object)
    if config.min_frames is None:
        return total
    good = min(
        good_beginning(errors.object, config.object_mask_tol),
        good_beginning(errors.total, config.total_mask_tol),
    )
    return good if good >= config.min_frames else total


def good_beginning(per_frame: Array, limit: float) -> int:
    """The number of frames before the running median of the judged frames exceeds ``limit``."""
    padded = np.pad(per_frame, _MEDIAN_FRAMES // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, _MEDIAN_FRAMES)
    judged = np.isfinite(windows).any(axis=1)
    median = np.full(len(per_frame), 0.0)
    median[judged] = np.nanmedian(windows[judged], axis=1)
    bad = np.flatnonzero(median > limit)
    return int(bad[0]) if len(bad) else len(per_frame)
