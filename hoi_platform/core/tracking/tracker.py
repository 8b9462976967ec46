"""The tracker: frame by frame forward, then every frame again from the smooth path of all."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Float32, UInt8

from hoi_platform.core.arrays import Array, Array32, Image, Mask, Progress
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform.core.tracking.frames import FINE, FrameEvidence, frame_evidence, plate_of
from hoi_platform.core.tracking.judging import (
    LEAST_PIXELS,
    PoseEstimate,
    confidence_of,
    is_doubtful,
    is_lost,
    resting_frames,
    score_pose,
    shows_motion,
)
from hoi_platform.core.tracking.lighting import LightingFit
from hoi_platform.core.tracking.motion import smooth_path, spin_information, without_spin
from hoi_platform.core.tracking.photometric import add_to_lighting
from hoi_platform.core.tracking.refine import Prior, best_of, refine
from hoi_platform.core.tracking.starts import local_starts, wide_starts
from hoi_platform.core.tracking.surface import TexturedSurface, unseen_axes
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform.core.tracking.view import ObjectModel, SurfaceCaster

_LIGHTING_EVERY: Final = 3
"""Frames from one to the next that informs the lighting; chosen: neighbors show the same."""
_EXACT: Final = 1e8 * np.eye(6)
"""Information of a pose that was given, not measured (1/m², 1/rad²); chosen: 0.1 mm, 0.1 mrad."""


@dataclass(frozen=True)
class TrackingInput:
    """A clip in working resolution: frames (T, H, W, 3) uint8, masks (T, H, W) of what is seen."""

    frames: UInt8[Image, "T H W 3"]
    object_masks: Bool[Mask, "T H W"]
    human_masks: Bool[Mask, "T H W"]
    camera: Camera
    surface: TexturedSurface
    T_cam_object0: Float[Array, "4 4"]  # exact
    fps: float
    static: bool = False
    """The object is known to stay where it is."""

    @cached_property
    def plate(self) -> Float32[Array32, "H W 3"]:
        """The scene without its actors, nan where they are always in the way."""
        return plate_of(self.frames, self.object_masks | self.human_masks)

    def evidence(self, t: int, config: TrackerConfig) -> FrameEvidence:
        """Frame ``t``, prepared."""
        masks = self.object_masks[t], self.human_masks[t]
        return frame_evidence(self.frames[t], *masks, self.plate, config.blur_px)


def track_object(
    inputs: TrackingInput, progress: Progress, config: TrackerConfig | None = None
) -> ObjectPoseTrack:
    """Follow the object. Raises ValueError when frame 0 does not show it where it should be."""
    tracker = _Tracker(inputs, config or TrackerConfig())
    if inputs.static:
        tracker.stay()
    else:
        tracker.forward(progress)
    return tracker.result(progress)


class _Tracker:
    def __init__(self, inputs: TrackingInput, config: TrackerConfig) -> None:
        self._inputs, self._config = inputs, config
        self._lighting = LightingFit()
        self._model = self._first_model(SurfaceCaster(inputs.surface, inputs.camera))
        self._axes = unseen_axes(inputs.surface, np.random.default_rng(0))
        T0 = inputs.T_cam_object0
        self._reference = score_pose(self._evidence(0), T0, self._model, 1.0)
        self._found = [PoseEstimate(T0, _EXACT, self._reference)]
        self._moves = [False]

    def _evidence(self, t: int) -> FrameEvidence:
        return self._inputs.evidence(t, self._config)

    def _first_model(self, caster: SurfaceCaster) -> ObjectModel:
        T0, first = self._inputs.T_cam_object0, self._evidence(0)
        view = caster.view(T0)
        if view is None or first.mask.sum() < LEAST_PIXELS:
            raise ValueError("frame 0 does not show the object")
        add_to_lighting(self._lighting, first, view, T0[:3, :3])
        return ObjectModel(caster, self._lighting.solve(), self._config)

    def forward(self, progress: Progress) -> None:
        """Find every frame's pose from the frames before it."""
        count = len(self._inputs.frames)
        previous = self._evidence(0)
        for t in range(1, count):
            frame = self._evidence(t)
            found = self._next(previous, frame)
            prior = self._prior(found.T)
            self._moves.append(shows_motion(found, self._found[0].T, self._model, prior))
            self._found.append(found)
            if t % _LIGHTING_EVERY == 0 and self._moves[-1]:
                self._learn_lighting(frame, found)
            previous = frame
            progress(0.8 * t / count, "following the object")

    def stay(self) -> None:
        """Leave the object where it is and score that in every frame."""
        T0 = self._found[0].T
        for t in range(1, len(self._inputs.frames)):
            score = score_pose(self._evidence(t), T0, self._model, 1.0)
            self._found.append(PoseEstimate(T0, _EXACT, score))
            self._moves.append(False)

    def _next(self, previous: FrameEvidence, frame: FrameEvidence) -> PoseEstimate:
        history = self._found
        if (frame.mask & ~frame.hidden).sum() < LEAST_PIXELS:
            return history[-1].as_lost()
        prior = self._prior(history[-1].T)
        starts = local_starts(previous, frame, history, self._model)
        best = best_of(frame, starts, self._model, prior)
        if is_doubtful(best.score, self._reference, self._config):
            starts = wide_starts(frame, history, self._model)
            wide = best_of(frame, starts, self._model, prior, wide=True)
            best = max(best, wide, key=lambda found: found.score.total)
        lost = is_lost(best.score, self._reference, self._config)
        return history[-1].as_lost() if lost else best

    def _prior(self, T: Float[Array, "4 4"]) -> Float[Array, "6 6"]:
        """Information about a start at ``T``, for what the image does not show."""
        information = np.diag(np.repeat(self._config.prior_sigma, 3) ** -2.0)
        return information + spin_information(self._axes, T[:3, :3], self._config.spin_rad)

    def _learn_lighting(self, frame: FrameEvidence, found: PoseEstimate) -> None:
        view = self._model.caster.view(found.T)
        if view is None or is_doubtful(found.score, self._reference, self._config):
            return
        add_to_lighting(self._lighting, frame, view, found.T[:3, :3])
        self._model = replace(self._model, lighting=self._lighting.solve())

    def result(self, progress: Progress) -> ObjectPoseTrack:
        """Refine every frame from the smoothed path and smooth again."""
        resting = resting_frames(self._moves, [found.lost for found in self._found])
        for t in np.flatnonzero(resting):
            self._found[t] = self._found[t]._replace(T=self._found[0].T, information=_EXACT)
        self._smooth(resting)
        count = len(self._found)
        for t in np.flatnonzero(~resting):
            self._found[t] = self._refined(t)
            progress(0.8 + 0.2 * t / count, "refining the path")
        self._smooth(resting)
        return self._track()

    def _refined(self, t: int) -> PoseEstimate:
        found, frame = self._found[t], self._evidence(t)
        if found.lost:
            return found
        prior = Prior(found.T, self._prior(found.T))
        T, information = refine(frame, found.T, self._model, prior, FINE)
        return PoseEstimate(T, information, score_pose(frame, T, self._model, 1.0))

    def _smooth(self, resting: Bool[Mask, " T"]) -> None:
        Ts = np.stack([found.T for found in self._found])
        informations = np.stack(
            [without_spin(f.information, self._axes, f.T[:3, :3]) for f in self._found]
        )
        dt = 1.0 / self._inputs.fps
        along, about = self._config.acceleration
        acceleration = (along * dt**2, about * dt**2)
        Ts = smooth_path(Ts, informations, resting, self._model.center, acceleration)
        self._found = [f._replace(T=T) for f, T in zip(self._found, Ts, strict=True)]

    def _track(self) -> ObjectPoseTrack:
        confidence = [
            confidence_of(
                found, self._reference, found.information + self._prior(found.T), self._config
            )
            for found in self._found
        ]
        T_world_cam = self._inputs.camera.T_world_cam
        return ObjectPoseTrack(
            T_world_cam @ np.stack([found.T for found in self._found]),
            np.array(confidence),
            np.array([found.lost for found in self._found]),
        )
