"""Follows person and object through a clip of a static camera, frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.background import BackgroundModel
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.evidence import Evidence, Expectation, SceneModel, gather
from hoi_platform.core.segmentation.first_look import FirstLook
from hoi_platform.core.segmentation.identity import Judgement
from hoi_platform.core.segmentation.labeled import label_pixels
from hoi_platform.core.segmentation.propagation import backward_flow, carried
from hoi_platform.core.segmentation.search import find_object
from hoi_platform.core.segmentation.shape_memory import fit_motion, remembered
from hoi_platform.core.segmentation.track_state import Frame, FrameMasks, TrackState
from hoi_platform.core.segmentation.verdicts import (
    human_verdict,
    jump_verdict,
    lost_verdict,
    object_verdict,
)
from hoi_platform.core.segmentation.window import (
    Window,
    bounding_window,
    grown,
    placed,
    union,
    whole,
)
from hoi_platform.core.segmentation.working_clip import WorkingClip

Mask = NDArray[np.bool_]

_LEAST_SEEN: Final = 0.1
"""Part of the object's outline that has to be seen for its motion to be read off it alone; else
what covers it is taken to hold it."""


def track_masks(clip: WorkingClip, config: SegmentationConfig) -> Iterator[FrameMasks]:
    """Yield the masks of every frame; the first frame's are the given ones."""
    tracker = _Tracker(clip.background, clip.first_look, config)
    thing, human = clip.first_object, clip.first_human
    state = TrackState.first(Frame.of(clip.frames[0], clip.parts[0]), thing, human)
    sure = Judgement(1.0, ())
    yield FrameMasks(thing, human, sure, sure)
    for image, parts in zip(clip.frames[1:], clip.parts[1:], strict=True):
        state, masks = tracker.step(state, Frame.of(image, parts))
        yield masks


@dataclass(frozen=True)
class _Tracker:
    background: BackgroundModel
    first_look: FirstLook
    config: SegmentationConfig

    def step(self, state: TrackState, frame: Frame) -> tuple[TrackState, FrameMasks]:
        """One frame on."""
        window = self._window(state, frame)
        expected = _expect(state, frame, window)
        evidence = self._gather(state, frame, window, expected.thing)
        local = label_pixels(evidence, expected, self.config)
        human = human_verdict(state, evidence, expected, local, self.config)
        thing = object_verdict(state, evidence, expected, local, self.config)
        labeled = local.placed(window, frame.shape)
        small = local.thing.sum() < self.config.lost_area * state.usual_area
        searched = small or state.lost or thing.foreign
        found = self._find(state, frame) if searched else None
        if found is not None:
            thing = jump_verdict(state, found)
            labeled = labeled.with_thing(found)
        elif small:
            thing = lost_verdict(state, expected, local)
        masks = FrameMasks(labeled.thing, labeled.human, thing.capped(state.trust), human)
        after = replace(
            state.learned(frame, masks, self.config),
            labels=labeled.memory(),
            shape=self._shape(expected, window, masks, found),
            lost=small and found is None,
            trust=state.trust_after(masks.thing_judgement, found is not None),
        )
        return after, masks

    def _window(self, state: TrackState, frame: Frame) -> Window:
        seen = union(bounding_window(frame.parts >= 0), bounding_window(state.followed))
        return grown(seen, round(self.config.margin_px), frame.shape)

    def _gather(self, state: TrackState, frame: Frame, window: Window, likely: Mask) -> Evidence:
        scene = SceneModel(self.background, self.first_look, state.appearance)
        return gather(frame.image, frame.parts, window, scene, likely, self.config)

    def _find(self, state: TrackState, frame: Frame) -> Mask | None:
        nowhere = np.zeros(frame.shape, bool)
        evidence = self._gather(state, frame, whole(frame.shape), nowhere)
        return find_object(evidence, state.usual_area, self.config)

    def _shape(
        self, expected: Expectation, window: Window, masks: FrameMasks, found: Mask | None
    ) -> NDArray[np.float32]:
        """(height, width) the outline to remember."""
        if found is not None:
            return found.astype(np.float32)
        shape = placed(expected.shape, window, masks.thing.shape)
        if masks.thing_judgement.confidence == 0:
            return shape
        rate = self.config.still_rate if expected.still else self.config.shape_rate
        return remembered(shape, masks.thing, masks.human, rate)


def _expect(state: TrackState, frame: Frame, window: Window) -> Expectation:
    """Carry what is known to this frame."""
    rows, columns = window
    flow = backward_flow(frame.gray[window], state.gray[window])
    human, thing = carried(state.labels[:, rows, columns], flow)
    (outline,) = carried(state.shape[None, rows, columns], flow)
    seen = thing > 0.5
    enough = seen.sum() >= max(_LEAST_SEEN * (outline > 0.5).sum(), 1)
    motion = fit_motion(flow, seen if enough else outline > 0.5)
    shape = motion.carried(np.ascontiguousarray(state.shape[window]))
    return Expectation(human, shape, float(np.sqrt(state.usual_area)), motion.still)
