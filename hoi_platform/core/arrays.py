"""Types that the whole platform shares: arrays by what they hold, and a stage's progress.

Shapes are written with jaxtyping, as in ``Float[Array, "T 4 4"]``: a name stands for one size in
all of a signature, ``*batch`` for any number of dimensions, and what follows ``#`` broadcasts. To
the type checker these are the plain types below. The product checks nothing at run time; the
packages' own tests check every call (``hoi_platform_tests.shapes``).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
"""Real numbers; shapes and units are stated where one is used."""
Array32 = NDArray[np.float32]
"""Real numbers in single precision: images and what is computed from them."""
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
