"""Settings of the background tracker. Lengths are in pixels at the working size."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SegmentationConfig:
    """Weights of the evidence and limits of the identity gates."""

    color_weight: float = 0.8
    """Exponent of the color densities: neighboring pixels repeat each other's evidence."""
    body_blur_px: float = 4.0
    """Error of the fitted body's outline."""
    object_blur_px: float = 1.2
    """Error of the object's outline when it has moved to the next frame."""
    still_blur_px: float = 0.6
    """The same while it rests."""
    shape_rate: float = 0.2
    """Weight of a frame's outline in that which is remembered of a moving object."""
    still_rate: float = 0.02
    """The same while it rests."""
    tail: float = 0.03
    """Prior probability of the object right beside what was seen of it."""
    tail_reach: float = 0.4
    """Distance over which it falls, in units of the root of the usual area."""
    part_reach_px: float = 6.0
    """Distance around a body part within which its colors are expected."""
    margin_px: float = 28.0
    """Border around person and object that is looked at."""
    smoothing_radius_px: int = 2
    """Radius of the guided filter."""
    smoothing_epsilon: float = 15.0
    """Variance (gray values squared) that the guided filter takes for noise, not an edge."""
    gap: float = 1.0
    """Largest gap between parts of one object, in units of the root of the usual area."""
    update_rate: float = 0.05
    """Weight of a trusted frame's colors in the object's and person's color models."""
    lost_area: float = 0.2
    """An object that shows less of its usual area than this is lost and searched for."""
    overlap_gate: tuple[float, float] = (0.35, 0.65)
    """IoU with the carried mask that earns confidence 0 and 1 (linear between)."""
    area_gate: tuple[float, float] = (2.2, 1.3)
    """Change of area from frame to frame, as a factor, that earns confidence 0 and 1."""
    size_gate: tuple[float, float] = (0.15, 0.5)
    """Area relative to the usual that earns confidence 0 and 1."""
    growth_gate: tuple[float, float] = (4.0, 2.0)
    """Area as a multiple of that in the first frame that earns confidence 0 and 1."""
    color_gate: tuple[float, float] = (0.4, 0.7)
    """Part of the mask that looks more like the thing than like anything else: 0 and 1."""
    beside_gate: tuple[float, float] = (1.0, 0.3)
    """Area beside the mask that looks like the thing, as a part of the mask: 0 and 1."""
    body_gate: tuple[float, float] = (0.4, 0.7)
    """IoU of the person's mask with the fitted body's silhouette: 0 and 1."""
    unexplained_px: int = 400
    """Area of foreground that is neither person nor object from which on it is flagged."""
