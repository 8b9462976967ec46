"""Where MediaPipe puts its landmarks relative to the anatomical anchors of ``keypoints``."""

from typing import Final

OFFSETS: Final[dict[str, tuple[float, float, float]]] = {}
