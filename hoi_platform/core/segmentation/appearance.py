"""The likelihood of colors on the person, part by part, and on the object: color histograms."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from jaxtyping import Bool, Float32, Int, Int8, UInt8
from numpy.typing import NDArray

from hoi_platform.core.arrays import Image, Mask
from hoi_platform.core.segmentation.background import UNIFORM_LOG_DENSITY
from hoi_platform.core.segmentation.body_view import PARTS
from hoi_platform.core.segmentation.images import Parts, Soft

Codes = NDArray[np.int64]  # (height, width) or (N,), see ``color_codes``
Density = NDArray[np.float32]  # (bins,)

_BINS: Final = 16
"""Number of bins per channel; chosen."""
_CUBE: Final = (_BINS, _BINS, _BINS)
_SHADING: Final = {0.72: 0.1, 0.85: 0.2, 1.0: 0.4, 1.18: 0.2, 1.38: 0.1}
"""Factors on a color as its surface turns against the light, and their weights; chosen."""
_NOVEL: Final = 0.05
"""Weight of the uniform density, for colors that were not seen before; chosen."""
_NOVEL_ELSEWHERE: Final = 0.002
"""The same where the object is not predicted; chosen."""
_ANY_PART: Final = 0.2
"""Weight of the whole person's colors against those of the nearest part; chosen."""
_MIN_PIXELS: Final = 50
"""Number of pixels below which a part in frame 0 has the whole person's colors; chosen."""


def color_codes(image: UInt8[Image, "*shape 3"]) -> Int[Codes, "*shape"]:
    """Index of each color's bin."""
    bins = (image // (256 // _BINS)).astype(np.int64)
    return (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]


@dataclass(frozen=True)
class ColorHistogram:
    """Shares of colors: half those of frame 0, which never fade, half those learned since."""

    first: Density  # sum 1, or 0 where nothing has been seen
    learned: Density
    pixels: int  # that ``first`` was counted on

    @classmethod
    def of(cls, codes: Codes) -> "ColorHistogram":
        """From the codes (N,) of pixels."""
        shares = _shares(codes)
        return cls(shares, shares, len(codes))

    def density(self) -> Density:
        """Per gray value cubed: blurred by noise and spread along the line to black, as a surface
        changes when it turns against the light."""
        if not self.pixels:
            return np.zeros(_BINS**3, np.float32)
        shares = (self.first + self.learned) / 2
        spread = np.sum([w * _shaded(shares, shade) for shade, w in _SHADING.items()], axis=0)
        cube = _blurred(spread.reshape(_CUBE)).ravel()
        return np.asarray(cube / (cube.sum() * (256 // _BINS) ** 3), np.float32)

    def updated(self, codes: Codes, rate: float) -> "ColorHistogram":
        """Mix in the codes (N,) of further pixels with the weight ``rate``."""
        if not len(codes):
            return self
        if not self.pixels:
            return ColorHistogram.of(codes)
        learned = (1 - rate) * self.learned + rate * _shares(codes)
        return replace(self, learned=learned.astype(np.float32))


@dataclass(frozen=True)
class AppearanceModel:
    """Histograms that begin with frame 0 and follow the masks that are trusted."""

    person: ColorHistogram
    parts: tuple[ColorHistogram, ...]  # in the order of ``PARTS``
    object: ColorHistogram

    @classmethod
    def of(
        cls,
        image: UInt8[Image, "h w 3"],
        human: Bool[Mask, "h w"],
        object_mask: Bool[Mask, "h w"],
        parts: Int8[Parts, "h w"],
    ) -> "AppearanceModel":
        """From frame 0 with its exact masks."""
        codes = color_codes(image)
        return cls(
            ColorHistogram.of(codes[human]),
            tuple(ColorHistogram.of(codes[human & (parts == part)]) for part in range(len(PARTS))),
            ColorHistogram.of(codes[object_mask]),
        )

    def person_density(
        self, codes: Int[Codes, "h w"], parts: Int8[Parts, "h w"], reach_px: float
    ) -> Float32[Soft, "h w"]:
        """Of the colors if the person is there, given the body parts nearby."""
        import cv2

        whole = _with_novelty(self._person_density)[codes]
        nearby, weights = 1e-3 * whole, np.full(codes.shape, 1e-3, np.float32)
        for part in np.unique(parts[parts >= 0]):
            weight = cv2.GaussianBlur((parts == part).astype(np.float32), (0, 0), reach_px)
            nearby += weight * self._part_densities[part][codes]
            weights += weight
        return np.asarray((1 - _ANY_PART) * nearby / weights + _ANY_PART * whole, np.float32)

    def object_density(
        self, codes: Int[Codes, "h w"], predicted: Bool[Mask, "h w"]
    ) -> Float32[Soft, "h w"]:
        """Of the colors if the object is there.

        Colors that it has not shown yet are plausible only where it is ``predicted``:
        elsewhere it would spread over whatever the other models do not explain.
        """
        share = np.where(predicted, np.float32(_NOVEL), np.float32(_NOVEL_ELSEWHERE))
        novel = share * np.float32(np.exp(UNIFORM_LOG_DENSITY))
        return np.asarray((1 - share) * self._object_density[codes] + novel, np.float32)

    def with_object(self, codes: Codes, rate: float) -> "AppearanceModel":
        """Mix in the codes (N,) of pixels that are trusted to show the object.

        Those that the person's colors explain better are left out: a hand that was once mistaken
        for the object would otherwise be part of it from then on.
        """
        own = codes[self._object_density[codes] >= self._person_density[codes]]
        return replace(self, object=self.object.updated(own, rate))

    def with_person(
        self, codes: Int[Codes, " N"], parts: Int8[NDArray[np.int8], " N"], rate: float
    ) -> "AppearanceModel":
        """Mix in the codes of trusted pixels with the body part at each, -1: none."""
        own = self._person_density[codes] >= self._object_density[codes]
        codes, parts = codes[own], parts[own]
        updated = [
            model.updated(codes[parts == part], rate) for part, model in enumerate(self.parts)
        ]
        return replace(self, person=self.person.updated(codes, rate), parts=tuple(updated))

    @cached_property
    def _person_density(self) -> Density:
        return self.person.density()

    @cached_property
    def _object_density(self) -> Density:
        return self.object.density()

    @cached_property
    def _part_densities(self) -> list[Density]:
        return [
            _with_novelty(part.density() if part.pixels >= _MIN_PIXELS else self._person_density)
            for part in self.parts
        ]


def _with_novelty(density: Density) -> Density:
    return (1 - _NOVEL) * density + np.float32(_NOVEL * np.exp(UNIFORM_LOG_DENSITY))


def _shares(codes: Codes) -> Density:
    counts = np.bincount(codes, minlength=_BINS**3)
    return np.asarray(counts / max(len(codes), 1), np.float32)


def _shaded(shares: Density, shade: float) -> Density:
    """The shares of the same colors, ``shade`` times as bright."""
    used = np.flatnonzero(shares)
    channels = np.stack(np.unravel_index(used, _CUBE))
    moved = np.clip(((channels + 0.5) * shade).astype(np.int64), 0, _BINS - 1)
    codes = np.ravel_multi_index(tuple(moved), _CUBE)
    return np.bincount(codes, shares[used], minlength=_BINS**3).astype(np.float32)


def _blurred(cube: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(cube, 0.8, mode="nearest", truncate=2.5), np.float32)
