"""The colors of the person, part by part, and of the object."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.colors import ColorModel
from hoi_platform.core.segmentation.silhouette import PARTS

Codes = NDArray[np.int64]  # (h, w), ``colors.color_codes``
Mask = NDArray[np.bool_]

_ANY_PART: Final = 0.2
"""Weight of the whole person's colors against those of the nearest part."""
_LEAST_PIXELS: Final = 50
"""A part that has shown less than this is taken to have any of the person's colors."""


@dataclass(frozen=True)
class Appearance:
    """Color models that start with the first frame and follow what is trusted."""

    person: ColorModel
    parts: tuple[ColorModel, ...]  # in the order of ``PARTS``
    thing: ColorModel

    @classmethod
    def first(cls, codes: Codes, human: Mask, thing: Mask, parts: NDArray[np.int8]) -> "Appearance":
        """From the first frame's exact masks and the body's parts there (-1: none)."""
        return cls(
            ColorModel.of(codes[human]),
            tuple(ColorModel.of(codes[human & (parts == part)]) for part in range(len(PARTS))),
            ColorModel.of(codes[thing]),
        )

    def log_person(
        self, codes: Codes, parts: NDArray[np.int8], reach_px: float
    ) -> NDArray[np.float32]:
        """(h, w) log density of the colors where the person is, given the parts nearby."""
        import cv2

        whole = self._person_density[codes]
        nearby, weights = 1e-3 * whole, np.full(codes.shape, 1e-3, np.float32)
        for part in np.unique(parts[parts >= 0]):
            weight = cv2.GaussianBlur((parts == part).astype(np.float32), (0, 0), reach_px)
            nearby += weight * self._part_densities[part][codes]
            weights += weight
        return np.log((1 - _ANY_PART) * nearby / weights + _ANY_PART * whole)

    def log_thing(self, codes: Codes) -> NDArray[np.float32]:
        """(h, w) log density of the colors where the object is."""
        return np.log(self._thing_density)[codes]

    def with_thing(self, codes: NDArray[np.int64], rate: float) -> "Appearance":
        """Mix in the codes (N,) of pixels that are trusted to show the object."""
        return replace(self, thing=self.thing.updated(codes, rate))

    def with_person(
        self, codes: NDArray[np.int64], parts: NDArray[np.int8], rate: float
    ) -> "Appearance":
        """Mix in the codes (N,) of trusted pixels with the body part (N,) at each, -1: none."""
        updated = [
            model.updated(codes[parts == part], rate) for part, model in enumerate(self.parts)
        ]
        return replace(self, person=self.person.updated(codes, rate), parts=tuple(updated))

    @cached_property
    def _person_density(self) -> NDArray[np.float32]:
        return self.person.density()

    @cached_property
    def _thing_density(self) -> NDArray[np.float32]:
        return self.thing.density()

    @cached_property
    def _part_densities(self) -> list[NDArray[np.float32]]:
        return [
            part.density() if part.total >= _LEAST_PIXELS else self._person_density
            for part in self.parts
        ]
