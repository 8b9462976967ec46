"""Carrying labels from one frame to the next along dense optical flow."""

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]


def flow_image(rgb: NDArray[np.uint8]) -> Gray:
    """The blurred gray image (height, width) that flow is computed on."""
    import cv2

    return np.asarray(cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0, 0), 1.0))


def backward_flow(current: Gray, previous: Gray) -> NDArray[np.float32]:
    """(height, width, 2): from where in the previous frame each pixel came (du, dv).

    Dense inverse search (Kroeger et al., 2016).
    """
    import cv2

    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    current, previous = np.ascontiguousarray(current), np.ascontiguousarray(previous)
    start = np.zeros((*current.shape, 2), np.float32)
    return np.asarray(search.calc(current, previous, start), np.float32)


def carried(labels: NDArray[np.float32], flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, height, width) of the previous frame, seen at the current frame's pixels."""
    import cv2

    height, width = flow.shape[:2]
    v, u = np.mgrid[:height, :width].astype(np.float32)
    u, v = u + flow[..., 0], v + flow[..., 1]
    border = cv2.BORDER_REPLICATE
    return np.stack(
        [cv2.remap(layer, u, v, cv2.INTER_LINEAR, borderMode=border) for layer in labels]
    )
