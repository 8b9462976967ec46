"""The first frame, whose labels are exact: what has not moved since looks the same again."""

from dataclasses import dataclass
from math import pi
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.segmentation.window import Window

_STILL: Final = 0.5
"""Prior probability that a pixel still shows what it showed in the first frame."""


@dataclass(frozen=True)
class FirstLook:
    """Colors and labels of the first frame."""

    image: NDArray[np.float32]  # (height, width, 3)
    labels: NDArray[np.bool_]  # (3, height, width) background, human, object
    noise: NDArray[np.float32]  # (height, width) standard deviation in gray values

    def blended(
        self, density: NDArray[np.float32], image: NDArray[np.float32], window: Window
    ) -> NDArray[np.float32]:
        """(3, h, w) densities of colors, where each label may also be still the first frame's."""
        rows, columns = window
        difference = image - self.image[window]
        squared = np.einsum("...c,...c->...", difference, difference)
        variance = 2 * np.square(self.noise[window])  # of the difference of two frames
        same = np.exp(-0.5 * squared / variance) / (2 * pi * variance) ** 1.5
        still = _STILL * self.labels[:, rows, columns]
        return np.asarray((1 - still) * density + still * same, np.float32)
