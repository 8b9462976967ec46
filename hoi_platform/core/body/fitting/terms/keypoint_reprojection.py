"""Landmarks must project to where they were detected."""

from torch import Tensor


def keypoint_reprojection(
    p_cam: Tensor, uv: Tensor, focal_px: Tensor, center_px: Tensor, sigma_px: Tensor
) -> Tensor:
    """(π(p) - uv) / σ of one landmark in camera coordinates: (3,), (2,) → (2,).

    Depth is kept above 5 cm, so that a point that strays behind the camera keeps a gradient.
    """
    projected = focal_px * p_cam[:2] / p_cam[2].clamp(min=0.05) + center_px
    return (projected - uv) / sigma_px
