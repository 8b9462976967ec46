"""Square windows of an image, resampled for a network that wants its subject large."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.services.video.codec import Frame


@dataclass(frozen=True)
class Window:
    """The square of ``side_px`` around a center (u, v), resampled to ``output_px`` squared."""

    center_px: Array
    side_px: float
    output_px: int

    @property
    def _scale(self) -> float:
        return self.output_px / self.side_px

    def cut(self, image: Frame) -> Frame:
        """(output_px, output_px, 3); the image's border is repeated outside of it."""
        import cv2

        # OpenCV counts pixel centers at integers, this project at halves.
        shift = self.output_px / 2 - self._scale * self.center_px + 0.5 * self._scale - 0.5
        M = np.array([[self._scale, 0.0, shift[0]], [0.0, self._scale, shift[1]]])
        size = (self.output_px, self.output_px)
        flags = cv2.INTER_CUBIC if self._scale > 1 else cv2.INTER_LINEAR
        cut = cv2.warpAffine(image, M, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cut, dtype=np.uint8)

    def to_image(self, uv: Array) -> Array:
        """Pixels of the cut (..., 2) → pixels of the image."""
        return (uv - self.output_px / 2) / self._scale + self.center_px


def window_around_mask(mask: NDArray[np.bool_], margin: float, output_px: int) -> Window | None:
    """The window about a mask's bounding box, wider by ``margin`` of its larger side all around.

    None when the mask is empty.
    """
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return None
    lo = np.array([columns.min(), rows.min()], dtype=float)
    hi = np.array([columns.max(), rows.max()], dtype=float) + 1.0
    return Window((lo + hi) / 2, float((hi - lo).max()) * (1 + 2 * margin), output_px)


def whole_image(shape: tuple[int, ...], output_px: int) -> Window:
    """The window that contains an image of (height, width)."""
    height, width = shape
    return Window(np.array([width, height]) / 2, float(max(shape)), output_px)
