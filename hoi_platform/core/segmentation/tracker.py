"""Follows person and object through a clip of a static camera, frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation import identity
from hoi_platform.core.segmentation.appearance import Appearance
from hoi_platform.core.segmentation.background import BackgroundModel, smooth_frame
from hoi_platform.core.segmentation.colors import color_codes
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.evidence import Evidence, gather
from hoi_platform.core.segmentation.identity import Judgement, MaskFacts
from hoi_platform.core.segmentation.labeled import Labeled, label_pixels
from hoi_platform.core.segmentation.labeling import HUMAN, OBJECT, eroded
from hoi_platform.core.segmentation.propagation import backward_flow, carried, flow_image
from hoi_platform.core.segmentation.search import find_object
from hoi_platform.core.segmentation.window import (
    Window,
    bounding_window,
    grown,
    union,
    whole,
)
from hoi_platform.core.segmentation.working_clip import WorkingClip

Mask = NDArray[np.bool_]
Parts = NDArray[np.int8]  # (height, width) body part expected at each pixel, -1: none

_REMEMBERED: Final = 15
"""Frames over which the usual area is taken."""
_TRUSTED: Final = 0.6
"""Confidence from which on a frame's colors and area are learned."""

_AFTER_A_JUMP: Final = 0.3
"""Confidence in an object that was found again by its colors alone."""
_TRUST_PER_FRAME: Final = 0.05


class FrameMasks(NamedTuple):
    """One frame's result."""

    thing: Mask  # (height, width) the object
    human: Mask  # (height, width)
    thing_judgement: Judgement
    human_judgement: Judgement


def track_masks(clip: WorkingClip, config: SegmentationConfig) -> Iterator[FrameMasks]:
    """Yield the masks of every frame; the first frame's are the given ones."""
    tracker = _Tracker(clip.background, config)
    human = clip.first_human & ~clip.first_object
    state = _first_state(_Frame.of(clip.frames[0], clip.parts[0]), clip.first_object, human)
    sure = Judgement(1.0, ())
    yield FrameMasks(clip.first_object, human, sure, sure)
    for image, parts in zip(clip.frames[1:], clip.parts[1:], strict=True):
        state, masks = tracker.step(state, _Frame.of(image, parts))
        yield masks


class _Frame(NamedTuple):
    """One frame, prepared."""

    smooth: NDArray[np.uint8]  # (height, width, 3)
    gray: NDArray[np.uint8]
    parts: Parts

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.parts.shape
        return height, width

    @classmethod
    def of(cls, frame: NDArray[np.uint8], parts: Parts) -> "_Frame":
        smooth = smooth_frame(frame)
        return cls(smooth, flow_image(smooth), parts)


@dataclass(frozen=True)
class _State:
    """What is known after a frame."""

    gray: NDArray[np.uint8]
    labels: NDArray[np.float32]  # (3, height, width) soft
    appearance: Appearance
    first_areas: tuple[int, int]  # object, human
    thing_areas: tuple[int, ...]  # where the object was trusted
    thing_area: int
    human_area: int
    lost: bool = False
    trust: float = 1.0  # that it is still the same object

    @property
    def usual_area(self) -> float:
        return float(np.median(self.thing_areas[-_REMEMBERED:]))


def _first_state(frame: _Frame, thing: Mask, human: Mask) -> _State:
    codes = color_codes(frame.smooth)
    appearance = Appearance.first(codes, eroded(human), thing, frame.parts)
    labels = np.stack([~(thing | human), human, thing]).astype(np.float32)
    first = int(thing.sum()), int(human.sum())
    return _State(frame.gray, labels, appearance, first, first[:1], *first)


@dataclass(frozen=True)
class _Tracker:
    background: BackgroundModel
    config: SegmentationConfig

    def step(self, state: _State, frame: _Frame) -> tuple[_State, FrameMasks]:
        """One frame on."""
        window = self._window(state, frame)
        rows, columns = window
        flow = backward_flow(frame.gray[window], state.gray[window])
        before = carried(state.labels[:, rows, columns], flow)
        evidence = self._gather(state, frame, window, before[OBJECT] > 0.5)
        local = label_pixels(evidence, before, self.config)
        human = self._judge_human(state, evidence, before, local)
        labeled = local.placed(window, frame.shape)
        thing = self._judge_thing(state, evidence, before, local)
        small = local.thing.sum() < self.config.lost_area * state.usual_area
        found = None
        if small or state.lost or thing.foreign:
            found = self._find(state, frame)
        if found is not None:
            thing = _found_again(state, found)
            labeled = labeled.with_thing(found)
        elif small:
            thing = identity.lost(_loss_reason(before, local, state.usual_area))
        masks = FrameMasks(labeled.thing, labeled.human, thing.capped(state.trust), human)
        after = self._after(state, frame, labeled.memory(), masks)
        trust = self._trust(state, masks, found is not None)
        return replace(after, lost=small and found is None, trust=trust), masks

    def _trust(self, state: _State, masks: FrameMasks, jumped: bool) -> float:
        """Whether it is the same object cannot be seen after a jump: trust returns slowly."""
        if jumped:
            return _AFTER_A_JUMP
        sound = masks.thing_judgement.confidence >= 0.8 * state.trust
        return min(state.trust + _TRUST_PER_FRAME, 1.0) if sound else state.trust

    def _window(self, state: _State, frame: _Frame) -> Window:
        followed = state.labels[[HUMAN, OBJECT]].max(axis=0) > 0.3
        seen = union(bounding_window(frame.parts >= 0), bounding_window(followed))
        return grown(seen, round(self.config.margin_px), frame.shape)

    def _gather(self, state: _State, frame: _Frame, window: Window, likely: Mask) -> Evidence:
        scene = self.background, state.appearance
        return gather(frame.smooth, frame.parts, window, *scene, likely, self.config)

    def _find(self, state: _State, frame: _Frame) -> Mask | None:
        nowhere = np.zeros(frame.shape, bool)
        evidence = self._gather(state, frame, whole(frame.shape), nowhere)
        return find_object(evidence, state.usual_area, self.config)

    def _judge_thing(
        self, state: _State, evidence: Evidence, before: NDArray[np.float32], labeled: Labeled
    ) -> Judgement:
        facts = MaskFacts(
            int(labeled.thing.sum()),
            state.thing_area,
            state.usual_area,
            state.first_areas[0],
            identity.overlap(labeled.thing, before[OBJECT] > 0.5),
            evidence.own_color(labeled.thing, OBJECT),
        )
        return identity.judge_object(facts, self.config)

    def _judge_human(
        self, state: _State, evidence: Evidence, before: NDArray[np.float32], labeled: Labeled
    ) -> Judgement:
        facts = MaskFacts(
            int(labeled.human.sum()),
            state.human_area,
            state.human_area,
            state.first_areas[1],
            identity.overlap(labeled.human, before[HUMAN] > 0.5),
            evidence.own_color(labeled.human, HUMAN),
        )
        body = (evidence.parts >= 0) & ~labeled.thing
        return identity.judge_human(facts, identity.overlap(labeled.human, body), self.config)

    def _after(
        self, state: _State, frame: _Frame, labels: NDArray[np.float32], masks: FrameMasks
    ) -> _State:
        """Learn colors and sizes from the frame as far as it is trusted."""
        appearance, areas = state.appearance, state.thing_areas
        thing_area, human_area = int(masks.thing.sum()), int(masks.human.sum())
        codes, rate = color_codes(frame.smooth), self.config.update_rate
        if masks.thing_judgement.confidence >= _TRUSTED:
            appearance = appearance.with_thing(codes[eroded(masks.thing)], rate)
            areas = (*areas[-_REMEMBERED:], thing_area)
        if masks.human_judgement.confidence >= _TRUSTED:
            inner = eroded(masks.human)
            appearance = appearance.with_person(codes[inner], frame.parts[inner], rate)
        return replace(
            state,
            gray=frame.gray,
            labels=labels,
            appearance=appearance,
            thing_areas=areas,
            thing_area=thing_area,
            human_area=human_area,
        )


def _loss_reason(before: NDArray[np.float32], labeled: Labeled, usual_area: float) -> str:
    """Why an object is not seen: behind the person, beyond the border, or gone."""
    expected = before[OBJECT] > 0.5
    if expected.any() and labeled.human[expected].mean() > 0.5:
        return "is hidden behind the person"
    border = np.ones_like(expected)
    border[2:-2, 2:-2] = False
    if (expected & border).any():
        return "has left the image"
    return f"has vanished, {100 * labeled.thing.sum() / usual_area:.0f} % of its area is left"


def _found_again(state: _State, found: Mask) -> Judgement:
    """Low confidence for a jump that no motion explains."""
    last = state.labels[OBJECT] > 0.5
    how = "was found again" if state.lost else "jumped: it was found"
    where = "after a loss"
    if last.any():
        where = f"{np.linalg.norm(_center(found) - _center(last)):.0f} px from its last place"
    return Judgement(_AFTER_A_JUMP, (f"object: {how} {where}",))


def _center(mask: Mask) -> NDArray[np.float64]:
    return np.argwhere(mask).mean(axis=0)
