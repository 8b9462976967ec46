"""The colors of the person, part by part, and of the object."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.background import UNIFORM_LOG_DENSITY
from hoi_platform.core.segmentation.colors import ColorModel
from hoi_platform.core.segmentation.silhouette import PARTS

Codes = NDArray[np.int64]  # (h, w), ``colors.color_codes``
Mask = NDArray[np.bool_]

NOVELTY: Final = 0.05
"""Weight of the uniform density: colors that have not been seen yet."""
_ANY_PART: Final = 0.2
"""Weight of the whole person's colors against those of the nearest part."""
_STRANGE: Final = 0.002
"""Weight of colors not seen yet where the object is not expected."""
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

    def person_density(
        self, codes: Codes, parts: NDArray[np.int8], reach_px: float
    ) -> NDArray[np.float32]:
        """(h, w) density of the colors where the person is, given the parts nearby."""
        import cv2

        whole = _with_novelty(self._person_density)[codes]
        nearby, weights = 1e-3 * whole, np.full(codes.shape, 1e-3, np.float32)
        for part in np.unique(parts[parts >= 0]):
            weight = cv2.GaussianBlur((parts == part).astype(np.float32), (0, 0), reach_px)
            nearby += weight * self._part_densities[part][codes]
            weights += weight
        return np.asarray((1 - _ANY_PART) * nearby / weights + _ANY_PART * whole, np.float32)

    def thing_density(self, codes: Codes, likely: Mask) -> NDArray[np.float32]:
        """(h, w) density of the colors where the object is.

        Colors that it has not shown yet are granted where it is ``likely`` (h, w) alone:
        elsewhere it would creep over whatever the other models do not explain.
        """
        share = np.where(likely, np.float32(NOVELTY), np.float32(_STRANGE))
        novel = share * np.float32(np.exp(UNIFORM_LOG_DENSITY))
        return np.asarray((1 - share) * self._thing_density[codes] + novel, np.float32)

    def with_thing(self, codes: NDArray[np.int64], rate: float) -> "Appearance":
        """Mix in the codes (N,) of pixels that are trusted to show the object.

        Those that the person's colors explain better are left out: a hand on the object that
        was taken for it once would otherwise be taken for it ever more.
        """
        own = codes[self._thing_density[codes] >= self._person_density[codes]]
        return replace(self, thing=self.thing.updated(own, rate))

    def with_person(
        self, codes: NDArray[np.int64], parts: NDArray[np.int8], rate: float
    ) -> "Appearance":
        """Mix in the codes (N,) of trusted pixels with the body part (N,) at each, -1: none."""
        own = self._person_density[codes] >= self._thing_density[codes]
        codes, parts = codes[own], parts[own]
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
            _with_novelty(part.density() if part.pixels >= _LEAST_PIXELS else self._person_density)
            for part in self.parts
        ]


def _with_novelty(density: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 - NOVELTY) * density + np.float32(NOVELTY * np.exp(UNIFORM_LOG_DENSITY))
