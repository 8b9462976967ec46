"""Follows person and object through a clip of a static camera, frame by frame."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation import identity
from hoi_platform.core.segmentation.appearance import Appearance
from hoi_platform.core.segmentation.background import BackgroundModel
from hoi_platform.core.segmentation.colors import color_codes
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.evidence import Evidence, Expectation, SceneModel, gather
from hoi_platform.core.segmentation.first_look import FirstLook
from hoi_platform.core.segmentation.identity import Judgement, MaskFacts
from hoi_platform.core.segmentation.labeled import Labeled, label_pixels
from hoi_platform.core.segmentation.labeling import HUMAN, OBJECT, eroded
from hoi_platform.core.segmentation.propagation import backward_flow, carried, flow_image
from hoi_platform.core.segmentation.search import find_object
from hoi_platform.core.segmentation.shape_memory import fit_motion, remembered
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
Parts = NDArray[np.int8]  # (height, width) body part expected at each pixel, -1: none

_REMEMBERED: Final = 15
"""Frames over which the usual area is taken."""
_TRUSTED: Final = 0.6
"""Confidence from which on a frame's colors and area are learned."""

_AFTER_A_JUMP: Final = 0.3
"""Confidence in an object that was found again by its colors alone."""
_TRUST_PER_FRAME: Final = 0.05
_LEAST_SEEN: Final = 0.1
"""Part of the object's outline that has to be seen for its motion to be read off it alone; else
what covers it is taken to hold it."""


class FrameMasks(NamedTuple):
    """One frame's result."""

    thing: Mask  # (height, width) the object
    human: Mask  # (height, width)
    thing_judgement: Judgement
    human_judgement: Judgement


def track_masks(clip: WorkingClip, config: SegmentationConfig) -> Iterator[FrameMasks]:
    """Yield the masks of every frame; the first frame's are the given ones."""
    tracker = _Tracker(clip.background, clip.first_look, config)
    thing, human = clip.first_object, clip.first_human
    state = _first_state(_Frame.of(clip.frames[0], clip.parts[0]), thing, human)
    sure = Judgement(1.0, ())
    yield FrameMasks(thing, human, sure, sure)
    for image, parts in zip(clip.frames[1:], clip.parts[1:], strict=True):
        state, masks = tracker.step(state, _Frame.of(image, parts))
        yield masks


class _Frame(NamedTuple):
    """One frame, prepared."""

    image: NDArray[np.uint8]  # (height, width, 3)
    gray: NDArray[np.uint8]
    parts: Parts

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self.parts.shape
        return height, width

    @classmethod
    def of(cls, frame: NDArray[np.uint8], parts: Parts) -> "_Frame":
        return cls(frame, flow_image(frame), parts)


@dataclass(frozen=True)
class _State:
    """What is known after a frame."""

    gray: NDArray[np.uint8]
    labels: NDArray[np.float32]  # (2, height, width) soft: person, object
    shape: NDArray[np.float32]  # (height, width) soft outline of the whole object
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
    codes = color_codes(frame.image)
    appearance = Appearance.first(codes, eroded(human), thing, frame.parts)
    labels = np.stack([human, thing]).astype(np.float32)
    first = int(thing.sum()), int(human.sum())
    return _State(frame.gray, labels, labels[1], appearance, first, first[:1], *first)


@dataclass(frozen=True)
class _Tracker:
    background: BackgroundModel
    first_look: FirstLook
    config: SegmentationConfig

    def step(self, state: _State, frame: _Frame) -> tuple[_State, FrameMasks]:
        """One frame on."""
        window = self._window(state, frame)
        expected = self._expect(state, frame, window)
        evidence = self._gather(state, frame, window, expected.thing)
        local = label_pixels(evidence, expected, self.config)
        human = self._judge_human(state, evidence, expected, local)
        labeled = local.placed(window, frame.shape)
        thing = self._judge_thing(state, evidence, expected, local)
        small = local.thing.sum() < self.config.lost_area * state.usual_area
        found = None
        if small or state.lost or thing.foreign:
            found = self._find(state, frame)
        if found is not None:
            thing = _found_again(state, found)
            labeled = labeled.with_thing(found)
        elif small:
            thing = identity.lost(_loss_reason(expected, local, state.usual_area))
        masks = FrameMasks(labeled.thing, labeled.human, thing.capped(state.trust), human)
        shape = placed(expected.shape, window, frame.shape)
        if found is not None:
            shape = found.astype(np.float32)
        elif masks.thing_judgement.confidence > 0:
            rate = self.config.still_rate if expected.still else self.config.shape_rate
            shape = remembered(shape, masks.thing, masks.human, rate)
        after = self._after(state, frame, masks)
        trust = self._trust(state, masks, found is not None)
        return replace(
            after,
            labels=labeled.memory(),
            shape=shape,
            lost=small and found is None,
            trust=trust,
        ), masks

    def _expect(self, state: _State, frame: _Frame, window: Window) -> Expectation:
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

    def _trust(self, state: _State, masks: FrameMasks, jumped: bool) -> float:
        """Whether it is the same object cannot be seen after a jump: trust returns slowly."""
        if jumped:
            return _AFTER_A_JUMP
        sound = masks.thing_judgement.confidence >= 0.8 * state.trust
        return min(state.trust + _TRUST_PER_FRAME, 1.0) if sound else state.trust

    def _window(self, state: _State, frame: _Frame) -> Window:
        followed = np.maximum(state.labels.max(axis=0), state.shape) > 0.3
        seen = union(bounding_window(frame.parts >= 0), bounding_window(followed))
        return grown(seen, round(self.config.margin_px), frame.shape)

    def _gather(self, state: _State, frame: _Frame, window: Window, likely: Mask) -> Evidence:
        scene = SceneModel(self.background, self.first_look, state.appearance)
        return gather(frame.image, frame.parts, window, scene, likely, self.config)

    def _find(self, state: _State, frame: _Frame) -> Mask | None:
        nowhere = np.zeros(frame.shape, bool)
        evidence = self._gather(state, frame, whole(frame.shape), nowhere)
        return find_object(evidence, state.usual_area, self.config)

    def _judge_thing(
        self, state: _State, evidence: Evidence, expected: Expectation, labeled: Labeled
    ) -> Judgement:
        facts = MaskFacts(
            int(labeled.thing.sum()),
            state.thing_area,
            state.usual_area,
            state.first_areas[0],
            identity.overlap(labeled.thing, expected.thing & ~labeled.human),
            evidence.own_color(labeled.thing, OBJECT),
        )
        return identity.judge_object(facts, self.config)

    def _judge_human(
        self, state: _State, evidence: Evidence, expected: Expectation, labeled: Labeled
    ) -> Judgement:
        facts = MaskFacts(
            int(labeled.human.sum()),
            state.human_area,
            state.human_area,
            state.first_areas[1],
            identity.overlap(labeled.human, expected.human > 0.5),
            evidence.own_color(labeled.human, HUMAN),
        )
        body = (evidence.parts >= 0) & ~labeled.thing
        return identity.judge_human(facts, identity.overlap(labeled.human, body), self.config)

    def _after(self, state: _State, frame: _Frame, masks: FrameMasks) -> _State:
        """Learn colors and sizes from the frame as far as it is trusted."""
        appearance, areas = state.appearance, state.thing_areas
        thing_area, human_area = int(masks.thing.sum()), int(masks.human.sum())
        codes, rate = color_codes(frame.image), self.config.update_rate
        if masks.thing_judgement.confidence >= _TRUSTED:
            appearance = appearance.with_thing(codes[eroded(masks.thing)], rate)
            areas = (*areas[-_REMEMBERED:], thing_area)
        if masks.human_judgement.confidence >= _TRUSTED:
            inner = eroded(masks.human)
            appearance = appearance.with_person(codes[inner], frame.parts[inner], rate)
        return replace(
            state,
            gray=frame.gray,
            appearance=appearance,
            thing_areas=areas,
            thing_area=thing_area,
            human_area=human_area,
        )


def _loss_reason(expectation: Expectation, labeled: Labeled, usual_area: float) -> str:
    """Why an object is not seen: behind the person, beyond the border, or gone."""
    expected = expectation.thing
    if expected.any() and labeled.human[expected].mean() > 0.5:
        return "is hidden behind the person"
    border = np.ones_like(expected)
    border[2:-2, 2:-2] = False
    if (expected & border).any():
        return "has left the image"
    return f"has vanished, {100 * labeled.thing.sum() / usual_area:.0f} % of its area is left"


def _found_again(state: _State, found: Mask) -> Judgement:
    """Low confidence for a jump that no motion explains."""
    last = state.shape > 0.5
    how = "was found again" if state.lost else "jumped: it was found"
    where = "after a loss"
    if last.any():
        where = f"{np.linalg.norm(_center(found) - _center(last)):.0f} px from its last place"
    return Judgement(_AFTER_A_JUMP, (f"object: {how} {where}",))


def _center(mask: Mask) -> NDArray[np.float64]:
    return np.argwhere(mask).mean(axis=0)
