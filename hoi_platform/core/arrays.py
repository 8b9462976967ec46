"""Types that the whole platform shares: arrays by what they hold, and a stage's progress."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
"""Real numbers; shapes and units are stated where one is used."""
Indices = NDArray[np.int64]
"""Indices of vertices, faces or frames."""
Mask = NDArray[np.bool_]
"""Yes or no per element: pixels (H, W), of several frames (T, H, W), or vertices (V,)."""
Image = NDArray[np.uint8]
"""A picture in 8 bits: (H, W, 3) sRGB, (H, W, 4) with opacity, (H, W) gray; frames come first."""
Vec3 = tuple[float, float, float]
"""Three numbers, as files and settings hold them."""
Progress = Callable[[float, str], None]
"""Takes the share that is done, 0 to 1, and a few words on what is being done."""
