"""Settings of the mask tracker. Lengths are in pixels at the working size."""

from pydantic import Field

from hoi_platform.core.config.base import Config

Ramp = tuple[float, float]
"""The values of a measurement that earn confidence 0 and 1; linear between, constant beyond."""


class GateConfig(Config):
    """Gates on a mask, each a ``Ramp`` of two different values. All were chosen."""

    area: Ramp = (0.15, 0.5)
    """Area as a multiple of the usual one (0 or more): a hand may cover half of an object."""
    growth: Ramp = (4.0, 2.0)
    """Area as a multiple of that in frame 0 (0 or more)."""
    area_change: Ramp = (2.2, 1.3)
    """Factor by which the area changed from frame to frame, up or down (1 or more)."""
    overlap: Ramp = (0.35, 0.65)
    """IoU with the predicted mask (0 to 1)."""
    color: Ramp = (0.4, 0.7)
    """Share of the mask whose colors support its label (0 to 1)."""
    left_out: Ramp = (1.0, 0.3)
    """Area beside the mask whose colors favor its label, as a share of the mask (0 or more)."""
    body: Ramp = (0.4, 0.7)
    """IoU of the person's mask with the fitted body's silhouette (0 to 1)."""


class SegmentationConfig(Config):
    """Likelihood, prior, posterior, gates and learning rates, in the order of the method note."""

    outliers: float = Field(0.02, gt=0, lt=1)
    """o: share of background pixels of any color (0 to 1); chosen."""
    shadows: float = Field(0.25, ge=0, lt=1)
    """s: prior probability of shadow or reflection on a background pixel (0 to 1); chosen."""
    shadow_tint: float = Field(0.06, ge=0)
    """τ: standard deviation of a shadow's color as a share of the light that it blocks (0 or
    more); chosen: what is left has bounced off other surfaces."""
    unchanged: float = Field(0.5, ge=0, lt=1)
    """Prior probability that a pixel still shows what it showed in frame 0 (0 to 1); chosen."""
    body_reach_px: float = Field(6.0, gt=0)
    """Distance around the fitted body, and around each of its parts, within which the person and
    the part's colors are expected (px); chosen."""
    margin_px: float = Field(28.0, ge=0)
    """Border around person and object that is searched for them (px); chosen."""
    color_weight: float = Field(0.8, gt=0, le=1)
    """α: exponent of the color likelihoods (0 to 1); chosen: neighboring pixels repeat each
    other's evidence."""

    body_blur_px: float = Field(4.0, gt=0)
    """β: error of the fitted body's outline (px); chosen."""
    object_blur_px: float = Field(1.2, gt=0)
    """Error of the predicted outline of a moving object (px); chosen."""
    still_blur_px: float = Field(0.6, gt=0)
    """The same while it rests (px); chosen."""
    tail: float = Field(0.03, ge=0, le=1)
    """Prior probability of the object just outside of its predicted outline; chosen."""
    tail_reach: float = Field(0.4, gt=0)
    """Distance over which it falls to 1/e, as a multiple of the root of the usual area; chosen."""

    smoothing_radius_px: int = Field(2, ge=1)
    """Radius of the guided filter (px); chosen."""
    smoothing_epsilon: float = Field(15.0, gt=0)
    """Variance that the guided filter smooths away (number of gray values squared); chosen."""
    gap: float = Field(1.0, ge=0)
    """Largest gap between regions of one object, as a multiple of the root of its usual area;
    chosen: a hand is about as wide."""

    gates: GateConfig = GateConfig()
    """Limits of the gates that make up a mask's confidence."""
    lost_area: float = Field(0.2, ge=0, lt=1)
    """Share of its usual area (0 to 1) below which an object is lost and searched for; chosen."""
    redetected_confidence: float = Field(0.3, ge=0, le=1)
    """Confidence of an object that was found again by its colors alone (0 to 1); chosen."""
    recovery_rate: float = Field(0.05, ge=0, le=1)
    """By how much that limit on the confidence rises in a good frame (0 to 1); chosen."""
    learning_confidence: float = Field(0.6, ge=0, le=1)
    """Confidence (0 to 1) from which on colors and area are learned from a mask; chosen."""
    color_rate: float = Field(0.05, ge=0, le=1)
    """Weight of a frame in the learned half of the histograms (0 to 1); chosen."""
    amodal_rate: float = Field(0.2, ge=0, le=1)
    """Weight of a frame in the amodal mask of a moving object (0 to 1); chosen."""
    still_rate: float = Field(0.02, ge=0, le=1)
    """The same while it rests (0 to 1); chosen."""

    unexplained_px: int = Field(400, ge=1)
    """Number of pixels that show neither person, object nor background from which on a frame is
    flagged; chosen."""
