"""What the colors of one frame say about background, person and object in a window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.appearance import Appearance
from hoi_platform.core.segmentation.background import BackgroundModel, exposure_gain
from hoi_platform.core.segmentation.colors import color_codes
from hoi_platform.core.segmentation.config import SegmentationConfig
from hoi_platform.core.segmentation.first_look import FirstLook
from hoi_platform.core.segmentation.silhouette import signed_distance_px
from hoi_platform.core.segmentation.window import Window

_LEAST_PRIOR = 0.01


@dataclass(frozen=True)
class Evidence:
    """Log densities and what they were taken from, cut to a window (h, w)."""

    window: Window
    guide: NDArray[np.uint8]  # (h, w, 3), the smoothed frame
    codes: NDArray[np.int64]  # (h, w)
    parts: NDArray[np.int8]  # (h, w) body parts expected, -1: none
    log_density: NDArray[np.float32]  # (3, h, w) background, human, object

    @property
    def body_distance_px(self) -> NDArray[np.float32]:
        """(h, w) distance to the fitted body's outline, positive inside."""
        return signed_distance_px(self.parts >= 0)

    def own_color(self, mask: NDArray[np.bool_], label: int) -> float:
        """Part of a mask (h, w) whose colors are likelier for ``label`` than for the others."""
        if not mask.any():
            return 0.0
        scores = self.log_density[:, mask]
        others = np.delete(scores, label, axis=0).max(axis=0)
        return float((scores[label] > others - 1.0).mean())

    def looks_like(self, label: int) -> NDArray[np.bool_]:
        """(h, w) pixels whose colors speak clearly for ``label``."""
        others = np.delete(self.log_density, label, axis=0).max(axis=0)
        return self.log_density[label] > others + 1.0


@dataclass(frozen=True)
class SceneModel:
    """What colors are expected where."""

    background: BackgroundModel
    first_look: FirstLook
    appearance: Appearance


def gather(
    frame: NDArray[np.uint8],
    parts: NDArray[np.int8],
    window: Window,
    scene: SceneModel,
    likely: NDArray[np.bool_],
    config: SegmentationConfig,
) -> Evidence:
    """``frame`` (height, width, 3) and ``parts`` (height, width) are whole images;
    ``likely`` (h, w) is where the object is expected."""
    guide = np.ascontiguousarray(frame[window])
    cut = np.ascontiguousarray(parts[window])
    image = guide.astype(np.float32)
    far = signed_distance_px(cut >= 0) < -0.7 * config.margin_px
    image /= exposure_gain(image, scene.background.plate[window], far)
    codes = color_codes(np.clip(image, 0, 255).astype(np.uint8))
    density = np.stack(
        [
            scene.background.density(image, window),
            scene.appearance.person_density(codes, cut, config.part_reach_px),
            scene.appearance.thing_density(codes, likely),
        ]
    )
    log_density = np.log(scene.first_look.blended(density, image, window))
    return Evidence(window, guide, codes, cut, log_density)


@dataclass(frozen=True)
class Expectation:
    """What the frames before let expect in a window (h, w)."""

    human: NDArray[np.float32]  # soft label, carried by optical flow
    shape: NDArray[np.float32]  # soft outline of the whole object, hidden parts included
    size_px: float  # root of the object's usual area
    still: bool  # the object has not moved

    @property
    def thing(self) -> NDArray[np.bool_]:
        """Where the object is, seen or hidden."""
        return self.shape > 0.5


def log_priors(
    evidence: Evidence, expected: Expectation, config: SegmentationConfig
) -> NDArray[np.float32]:
    """(3, h, w) from the fitted body's silhouette and what the frames before let expect.

    Where person and object are both expected, either may be in front.
    """
    human = np.clip(expected.human, _LEAST_PRIOR, 1 - _LEAST_PRIOR)
    if (evidence.parts >= 0).any():
        body = _logit(_sigmoid(evidence.body_distance_px / config.body_blur_px))
        human = _sigmoid((body + _logit(human)) / 2)
    thing = _object_prior(expected, config)
    scene = (1 - human) * (1 - thing)
    layers = np.stack([scene, human * (1 - thing / 2), thing * (1 - human / 2)])
    return np.log(layers / layers.sum(axis=0))


def _object_prior(expected: Expectation, config: SegmentationConfig) -> NDArray[np.float32]:
    """(h, w) high within the outline, low but not nil around it: a turning object changes it."""
    import cv2

    blur = config.still_blur_px if expected.still else config.object_blur_px
    outline = signed_distance_px(expected.thing)
    tail = config.tail * np.exp(np.minimum(outline, 0) / (config.tail_reach * expected.size_px))
    near = cv2.GaussianBlur(expected.shape, (0, 0), blur)
    return np.clip(np.maximum(near, tail), 5e-4, 0.97)


def mix(
    evidence: Evidence, priors: NDArray[np.float32], config: SegmentationConfig
) -> NDArray[np.float32]:
    """(3, h, w) log scores."""
    return np.asarray(config.color_weight * evidence.log_density + priors, np.float32)


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _logit(p: NDArray[np.float32]) -> NDArray[np.float32]:
    p = np.clip(p, _LEAST_PRIOR, 1 - _LEAST_PRIOR)
    return np.log(p / (1 - p))
