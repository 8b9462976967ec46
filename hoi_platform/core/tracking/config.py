"""Noise of the tracker's evidence, effort of its search, and limits of its judgment."""

from typing import Annotated

from pydantic import Field

from hoi_platform.core.config.base import Config

_Positive = Annotated[float, Field(gt=0)]
_Pair = tuple[_Positive, _Positive]
_AtLeastOne = Annotated[int, Field(ge=1)]


class TrackerConfig(Config):
    """Settings of the tracker; all values are chosen.

    Pixels are those of the working size, colors are sRGB in [0, 1], and a *bend* is the residual
    from which on a robust loss counts less than the square. Pairs belong to the coarse and the fine
    level, or to translation and rotation.
    """

    working_size_px: float = Field(100.0, gt=0)
    """Extent of the object in the image (px) above which images are averaged down: as exact, and
    faster."""
    blur_px: _Pair = (2.5, 1.0)
    """Standard deviation of the Gaussian blur (px), coarse and fine."""
    color_noise: float = Field(0.02, gt=0)
    """Least standard deviation of a color (sRGB, 0 to 1)."""
    color_tolerance: float = Field(0.25, gt=0)
    """Distance between colors (sRGB, 0 to 1) from which on a pixel or an edge shows something
    else."""
    mask_noise_px: float = Field(0.5, gt=0)
    """Standard deviation of the mask's boundary (px)."""
    mask_bend_px: _Pair = (5.0, 2.0)
    """Bend of the rim's distance to the mask's boundary (px), coarse and fine."""
    edge_noise_px: float = Field(0.25, gt=0)
    """Least standard deviation of an edge that the image shows (px)."""
    edge_bend_px: float = Field(1.0, gt=0)
    """Bend of the rim's distance to such an edge (px)."""
    rim_correlation_px: float = Field(4.0, gt=0)
    """Length of rim (px) that carries the information of one point."""
    prior_sigma: _Pair = (0.03, 0.2)
    """How far a pose may lie from its start in a direction that no image shows (m, rad)."""
    spin_rad: float = Field(0.003, gt=0)
    """The same for a turn that neither shape nor colors show (rad per frame)."""
    acceleration: _Pair = (4.0, 40.0)
    """Typical acceleration of a hand-held object (m/s², rad/s²)."""
    refined_starts: tuple[_AtLeastOne, _AtLeastOne] = (2, 4)
    """Number of starts that are refined: in the local search, and in the wide one."""
    renderings: int = Field(2, ge=1)
    """Number of renderings that a pose is compared with in turn at each level."""
    lost_overlap: float = Field(0.5, ge=0, le=1)
    """Overlap (IoU) of silhouette and mask below which a frame is lost."""
    lost_score: float = Field(0.35, ge=0, le=1)
    """Share of frame 0's score below which a frame is lost."""
    doubtful_overlap: float = Field(0.8, ge=0, le=1)
    """Overlap (IoU) below which the search is widened."""
    doubtful_score: float = Field(0.7, ge=0, le=1)
    """Share of frame 0's score below which the search is widened."""
    tolerable_sigma: _Pair = (0.02, 0.2)
    """Standard deviation (m, rad) at which an otherwise perfect pose is trusted by half."""
    still_px: float = Field(0.5, ge=0)
    """Displacement in the image (px) that is no motion however certain the pose is."""
    motion_sigmas: float = Field(3.0, ge=0)
    """Further displacement, in standard deviations of the pose, that shows a motion."""
