"""Tolerances and schedule of the fit. Standard deviations are per frame, at 24 fps."""

from pydantic import Field

from hoi_platform.core.config.base import Config


class FitConfig(Config):
    """One standard deviation of each term; a smaller one weighs the term more.

    Values are chosen unless a field says otherwise.
    """

    landmark_inflation: float = Field(2.0, gt=0)
    """Factor on the measured spread of each landmark: errors of neighboring frames are alike."""
    landmark_floor_px: float = Field(0.6, gt=0)
    """Least standard deviation of a landmark (px)."""
    confidence_growth: float = Field(5.0, ge=0)
    """γ of the factor e^(γ (1 − confidence)) by which standard deviations grow; measured on
    rendered scenes with a table."""
    outlier_sigmas: float = Field(2.0, gt=0)
    """Where the Cauchy loss of a landmark bends (standard deviations)."""
    bone_rad: float = Field(0.35, gt=0)
    """Direction of a body bone by the detector's metric landmarks (rad)."""
    hand_bone_rad: float = Field(0.6, gt=0)
    """Direction of a hand bone by the same (rad)."""
    acceleration_m: float = Field(0.004, gt=0)
    """Acceleration of a joint (m per squared frame)."""
    turn_acceleration_rad: float = Field(0.02, gt=0)
    """Second difference of a joint's rotation (rad per squared frame)."""
    foot_slide_m: float = Field(0.0004, gt=0)
    """Slide of a planted foot between frames (m)."""
    foot_height_m: float = Field(0.004, gt=0)
    """Height of a planted sole (m)."""
    balance_m: float = Field(0.06, gt=0)
    """Center of mass off its place above planted feet (m)."""
    first_frame_m: float = Field(0.0005, gt=0)
    """Pelvis in frame 0 (m)."""
    first_frame_rad: float = Field(0.002, gt=0)
    """Joints in frame 0 (rad)."""
    first_frame_trust: float = Field(0.4, ge=0, le=1)
    """Share of the detector's bias in frame 0 that is expected in all frames."""
    body_iterations: int = Field(12, ge=1)
    """Number of Levenberg-Marquardt steps of each phase of the body."""
    hand_iterations: int = Field(10, ge=1)
    """Number of Levenberg-Marquardt steps of each phase of a hand."""
