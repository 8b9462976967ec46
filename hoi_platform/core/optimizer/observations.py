"""The observations of one clip as tensors: all that a term may compare a prediction with."""

from dataclasses import dataclass, field
from typing import assert_never

import torch
from jaxtyping import Bool, Float, Int, Shaped
from torch import Tensor

from hoi_platform.core.geometry.sdf import SignedDistanceGrid
from hoi_platform.core.optimizer.obstacles import Obstacle
from hoi_platform.core.optimizer.term import Need


@dataclass(frozen=True)
class ObservedKeypoints:
    """2D landmarks in the order of the regressor."""

    px: Float[Tensor, "T K 2"]  # 0 where nothing was detected
    confidence: Float[Tensor, "T K"]  # 0 where nothing was detected
    is_hand: Bool[Tensor, " K"]  # bool: a landmark of the hand model


@dataclass(frozen=True)
class ObservedMasks:
    """``core.optimizer.masks.MaskWindows`` in torch."""

    corner_px: Shaped[Tensor, "T 2"]
    distance_px: Float[Tensor, "T S S"]
    hidden: Float[Tensor, "T S S"]  # 1 where the outline may be the person's
    contour_px: Float[Tensor, "T C 2"]
    contour_normal: Float[Tensor, "T C 2"]
    contour_weight: Float[Tensor, "T C"]
    confidence: Float[Tensor, " T"]  # in [0, 1]

    def distance_at(self, uv: Float[Tensor, "T N 2"]) -> Float[Tensor, "T N"]:
        """Signed distance in pixels at image points; flat beyond the window."""
        return self._sample(self.distance_px, uv, "bilinear")

    def hidden_at(self, uv: Float[Tensor, "T N 2"]) -> Float[Tensor, "T N"]:
        """1 where the person is in front or close by."""
        return self._sample(self.hidden, uv, "nearest")

    def _sample(
        self, images: Float[Tensor, "T S S"], uv: Float[Tensor, "T N 2"], mode: str
    ) -> Float[Tensor, "T N"]:
        grid = 2 * (uv - self.corner_px[:, None]) / images.shape[-1] - 1
        sampled = torch.nn.functional.grid_sample(
            images[:, None], grid[:, :, None], mode=mode, padding_mode="border", align_corners=False
        )
        return sampled[:, 0, :, 0]


@dataclass(frozen=True)
class Cloud:
    """Measured surface points per frame."""

    points: Float[Tensor, "T P 3"]  # world
    real: Bool[Tensor, "T P"]  # bool, false for padding


@dataclass(frozen=True)
class Attached:
    """Surface points carried by the object or by the body's joints."""

    local: Float[Tensor, "T S 3"]  # relative to the object's center, or to the joint in its axes
    normal: Float[Tensor, "T S 3"]  # outward, in the same axes
    real: Bool[Tensor, "T S"]  # bool, false for padding
    joint: Int[Tensor, "T S"] | None  # which joint; None for the object

    def at(self, index: Int[Tensor, "T M"]) -> "Attached":
        """Some of the points of each frame."""
        wide = index[..., None].expand(-1, -1, 3)
        joint = None if self.joint is None else self.joint.gather(1, index)
        return Attached(
            self.local.gather(1, wide),
            self.normal.gather(1, wide),
            self.real.gather(1, index),
            joint,
        )


@dataclass(frozen=True)
class Pairs:
    """Surface points and the measured points that they should lie on."""

    surface: Attached  # (T, M)
    measured: Float[Tensor, "T M 3"]  # world
    real: Bool[Tensor, "T M"]  # bool


@dataclass(frozen=True)
class CloudMatch:
    """Nearest neighbors in both directions; renewed on a schedule."""

    visible: Attached  # (T, S) what of the surface the camera sees
    of_cloud: Pairs  # each measured point with its nearest surface point
    of_surface: Pairs  # some surface points, each with its nearest measured point


@dataclass(frozen=True)
class Outline:
    """The object's rim as the camera sees it, on the object's surface; renewed on a schedule."""

    points: Float[Tensor, "T Q 3"]  # relative to the object's center
    weight: Float[Tensor, "T Q"]  # 0 where hidden or padding
    rim_of_contour: Int[
        Tensor, "T C"
    ]  # index of the rim point nearest to each point of the contour


@dataclass(frozen=True)
class Associations:
    """What is looked up every ``refresh_every`` iterations and constant in between."""

    outline: Outline | None = None
    object_cloud: CloudMatch | None = None
    human_cloud: CloudMatch | None = None


@dataclass(frozen=True)
class ObservedContacts:
    """Which hands hold or touch the object, and when."""

    hands: Bool[Tensor, "T 2"]  # bool, left and right
    weight: Float[Tensor, "T 2"]  # in [0, 1], 0 without contact, else how sure it is
    start: int
    """First frame with contact; T when there is none."""
    end: int
    """One past the last frame with contact; T when there is none."""
    rest: int
    """The object rests at its rendered pose in all frames before this one."""


@dataclass(frozen=True)
class Observations:
    """What one clip shows; terms read nothing else. None means: not measured."""

    fps: float
    keypoints: ObservedKeypoints
    foot_contact: Float[Tensor, "T 2"]  # probability, left and right
    initial_joints: Float[Tensor, "T 55 3"]  # of the first guess
    initial_translation: Float[Tensor, "T 3"]  # of the first guess
    object_confidence: Float[Tensor, " T"]  # of the tracked pose
    tracked_center: Float[Tensor, "T 3"]  # the object's center by the tracker
    R_tracked: Float[Tensor, "T 3 3"]
    first_object_points: Float[
        Tensor, "N 3"
    ]  # the model's points at the rendered first pose, world
    contacts: ObservedContacts
    obstacles: tuple[Obstacle, ...]
    """The scene's supports."""
    object_distance: SignedDistanceGrid
    static_object: bool = False
    """The object rests at its first pose in every frame."""
    masks: ObservedMasks | None = None
    object_cloud: Cloud | None = None
    human_cloud: Cloud | None = None
    associations: Associations = field(default_factory=Associations)

    def __len__(self) -> int:
        return len(self.foot_contact)

    @property
    def acceleration_factor(self) -> float:
        """Second differences between frames times this are those between frames at 24 fps."""
        return (self.fps / 24.0) ** 2

    def lacks(self, need: Need) -> bool:
        """Whether a term with this need cannot be computed."""
        match need:
            case Need.MOVING_OBJECT:
                return self.static_object
            case Need.OBJECT_MASK:
                return self.masks is None
            case Need.DEPTH:
                return self.object_cloud is None and self.human_cloud is None
            case Need.CONTACT:
                return not bool(self.contacts.hands.any())
        assert_never(need)

    def interaction(self, duration: str, window_size: int) -> Float[Tensor, " T"]:
        """1 within "all" of the contacts or within half a window of its "start"."""
        frames = torch.arange(len(self), device=self.foot_contact.device)
        start, end = self.contacts.start, self.contacts.end
        if duration == "start":
            start, end = start - window_size // 2, start + window_size // 2 + 1
        return ((frames >= start) & (frames < end)).to(self.foot_contact)
