"""What the identity gates say of one frame's masks."""

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation import identity
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.evidence import Evidence, Expectation
from hoi_platform.core.segmentation.identity import Judgement, MaskFacts
from hoi_platform.core.segmentation.labeled import Labeled
from hoi_platform.core.segmentation.labeling import HUMAN, OBJECT
from hoi_platform.core.segmentation.silhouette import signed_distance_px
from hoi_platform.core.segmentation.track_state import AFTER_A_JUMP, TrackState

Mask = NDArray[np.bool_]


def object_verdict(
    state: TrackState,
    evidence: Evidence,
    expected: Expectation,
    labeled: Labeled,
    config: SegmentationConfig,
) -> Judgement:
    """``state`` is that before the frame; the others are of one window (h, w)."""
    near = signed_distance_px(labeled.thing) > -expected.size_px
    beside = near & ~labeled.thing & evidence.looks_like(OBJECT)
    area = int(labeled.thing.sum())
    facts = MaskFacts(
        area=area,
        previous_area=state.thing_area,
        usual_area=state.usual_area,
        first_area=state.first_areas[0],
        overlap=identity.overlap(labeled.thing, expected.thing & ~labeled.human),
        own_color=evidence.own_color(labeled.thing, OBJECT),
        beside=float(beside.sum()) / max(area, 1),
    )
    return identity.judge_object(facts, config)


def human_verdict(
    state: TrackState,
    evidence: Evidence,
    expected: Expectation,
    labeled: Labeled,
    config: SegmentationConfig,
) -> Judgement:
    """As ``object_verdict``."""
    facts = MaskFacts(
        area=int(labeled.human.sum()),
        previous_area=state.human_area,
        usual_area=state.human_area,
        first_area=state.first_areas[1],
        overlap=identity.overlap(labeled.human, expected.human > 0.5),
        own_color=evidence.own_color(labeled.human, HUMAN),
    )
    body = (evidence.parts >= 0) & ~labeled.thing
    return identity.judge_human(facts, identity.overlap(labeled.human, body), config)


def lost_verdict(state: TrackState, expected: Expectation, labeled: Labeled) -> Judgement:
    """Why the object is not seen: behind the person, beyond the border, or gone."""
    where = expected.thing
    border = np.ones_like(where)
    border[2:-2, 2:-2] = False
    if where.any() and labeled.human[where].mean() > 0.5:
        reason = "is hidden behind the person"
    elif (where & border).any():
        reason = "has left the image"
    else:
        left = 100 * labeled.thing.sum() / max(state.usual_area, 1)
        reason = f"has vanished, {left:.0f} % of its area is left"
    return Judgement(0.0, (f"object: {reason}",))


def jump_verdict(state: TrackState, found: Mask) -> Judgement:
    """Low confidence in a place to which no motion leads; ``found`` (height, width)."""
    last = state.shape > 0.5
    how = "was found again" if state.lost else "jumped: it was found"
    where = "after a loss"
    if last.any():
        where = f"{np.linalg.norm(_center(found) - _center(last)):.0f} px from its last place"
    return Judgement(AFTER_A_JUMP, (f"object: {how} {where}",))


def _center(mask: Mask) -> NDArray[np.float64]:
    return np.argwhere(mask).mean(axis=0)
