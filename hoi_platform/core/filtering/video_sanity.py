"""Whether a video animates its conditioning frame, seen by a camera that stands still."""

from dataclasses import dataclass
from math import inf, log10, nan
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.filtering.camera_motion import (
    COMPARED_WIDTH_PX,
    CameraMotion,
    measure_camera_motion,
)
from hoi_platform.core.filtering.check import Check
from hoi_platform.core.geometry.camera import Camera

_MAX_PSNR_DB: Final = 60.0
"""Decibels; chosen: equal images, whose PSNR is infinite, get a number."""


class FramesAtRate(Protocol):
    """What is checked: ``frames`` (T, height, width, 3) uint8 RGB and their rate."""

    @property
    def frames(self) -> NDArray[np.uint8]: ...

    @property
    def fps(self) -> float: ...


@dataclass(frozen=True)
class VideoLimits:
    """Thresholds of ``video_checks``."""

    first_frame_psnr_db: float = 24.0
    """Least agreement of the blurred first frame: 24 dB is a difference of 16 of 255 gray values
    in the mean square; chosen: render noise and H.264 stay above 30, another person or scene below
    20."""
    first_frame_ssim: float = 0.8
    """Least structural similarity; unlike the PSNR it forgives a change of exposure; chosen."""
    camera_shift: float = 0.003
    """Largest displacement of the background, as a fraction of the image's width; chosen: from 2 px
    at 640 on, the background plate no longer fits."""
    camera_trans_thr: float = 0.1
    """Largest apparent translation of the camera (m), as in ``FilteringConfig``."""


def video_checks(
    video: FramesAtRate,
    conditioning: NDArray[np.uint8],
    camera: Camera,
    *,
    foreground: NDArray[np.bool_] | None = None,
    plate_depth: NDArray[np.floating] | None = None,
    expected_frames: int | None = None,
    expected_fps: float | None = None,
    limits: VideoLimits = VideoLimits(),
) -> list[Check]:
    """Every check, passed or not; what cannot be measured has the value nan and does not pass.

    ``foreground`` (height, width) marks person and object in the first frame. The translation
    in meters is checked only where ``plate_depth`` (height, width, meters) is given, number of
    frames, rate and duration only where they are expected.
    """
    checks = _size_checks(video.frames, camera)
    fits = all(check.passed for check in checks) and len(video.frames) > 0
    checks += _length_checks(video, expected_frames, expected_fps)
    if not fits:
        return checks + _unmeasured(camera, limits, plate_depth is not None)
    gray = np.stack([_small_gray(frame) for frame in video.frames])
    checks += _first_frame_checks(gray[0], _small_gray(conditioning), limits)
    ignored = None if foreground is None else _small_mask(foreground, gray.shape[1:])
    motion = measure_camera_motion(gray, ignored)
    return checks + _camera_checks(motion, gray.shape[2], camera, plate_depth, foreground, limits)


def first_frame_checks(
    first: NDArray[np.uint8],
    conditioning: NDArray[np.uint8],
    limits: VideoLimits = VideoLimits(),
) -> list[Check]:
    """How close a video's first frame is to its conditioning frame, whatever size each has."""
    import cv2

    small = _small_gray(first)
    wanted = cv2.resize(_small_gray(conditioning), small.shape[::-1], interpolation=cv2.INTER_AREA)
    return _first_frame_checks(small, np.asarray(wanted, np.float32), limits)


def camera_drift(frames: NDArray[np.uint8]) -> float:
    """Largest displacement of the background against the first frame, as a fraction of the width.

    ``frames`` (T, height, width, 3) RGB; inf where the images have too little structure.
    """
    gray = np.stack([_small_gray(frame) for frame in frames])
    motion = measure_camera_motion(gray)
    known = bool(np.isfinite(motion.deviation_px).all())
    return float(motion.displacement_px.max()) / gray.shape[2] if known else inf


def _size_checks(frames: NDArray[np.uint8], camera: Camera) -> list[Check]:
    height, width = frames.shape[1:3]
    return [
        Check.equal("video_width", width, camera.width_px, "px"),
        Check.equal("video_height", height, camera.height_px, "px"),
    ]


def _length_checks(video: FramesAtRate, frames: int | None, fps: float | None) -> list[Check]:
    checks = [Check.at_least("video_frames", len(video.frames), 2, "frames")]
    if frames is not None:
        checks = [Check.equal("video_frames", len(video.frames), frames, "frames")]
    if fps is not None:
        checks.append(Check.at_most("video_rate_error", abs(video.fps - fps), 0.01 * fps, "Hz"))
    if frames is not None and fps is not None:
        error = abs(len(video.frames) / video.fps - frames / fps)
        checks.append(Check.at_most("video_duration_error", error, 1 / fps, "s"))
    return checks


def _first_frame_checks(first: NDArray, wanted: NDArray, limits: VideoLimits) -> list[Check]:
    error = float(np.square(first - wanted).mean())
    psnr = min(20 * log10(255) - 10 * log10(max(error, 1e-12)), _MAX_PSNR_DB)
    return [
        Check.at_least("first_frame_psnr", psnr, limits.first_frame_psnr_db, "dB"),
        Check.at_least(
            "first_frame_ssim", structural_similarity(first, wanted), limits.first_frame_ssim, ""
        ),
    ]


def _camera_checks(
    motion: CameraMotion,
    measured_width: int,
    camera: Camera,
    plate_depth: NDArray | None,
    foreground: NDArray[np.bool_] | None,
    limits: VideoLimits,
) -> list[Check]:
    scale = camera.width_px / measured_width
    limit_px = limits.camera_shift * camera.width_px
    # A displacement known to no better than its limit is not known.
    known = bool((motion.deviation_px * scale <= limit_px / 2).all())
    shift = float(motion.displacement_px.max()) * scale if known else nan
    checks = [Check.at_most("camera_shift", shift, limit_px, "px")]
    if plate_depth is not None:
        seen = np.isfinite(plate_depth) if foreground is None else ~foreground
        depth = float(np.nanmedian(plate_depth[seen])) if known else nan
        translation = float(motion.translation_m(camera.focal_px / scale, depth).max())
        checks.append(
            Check.at_most("camera_translation", translation, limits.camera_trans_thr, "m")
        )
    return checks


def _unmeasured(camera: Camera, limits: VideoLimits, with_depth: bool) -> list[Check]:
    checks = [
        Check.at_least("first_frame_psnr", nan, limits.first_frame_psnr_db, "dB"),
        Check.at_least("first_frame_ssim", nan, limits.first_frame_ssim, ""),
        Check.at_most("camera_shift", nan, limits.camera_shift * camera.width_px, "px"),
    ]
    if with_depth:
        checks.append(Check.at_most("camera_translation", nan, limits.camera_trans_thr, "m"))
    return checks


def structural_similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Mean SSIM of two gray images 0 to 255 over Gaussian windows of σ = 1.5 px.

    Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004.
    """
    import cv2

    def mean(x: NDArray) -> NDArray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    covariance = mean(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    structure = (2 * covariance + c2) / (var_a + var_b + c2)
    return float((luminance * structure).mean())


def _small_gray(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Blurred gray at the width of comparison."""
    import cv2

    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)
    height, width = gray.shape
    small_width = min(width, COMPARED_WIDTH_PX)
    size = (small_width, round(height * small_width / width))
    small = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), np.float32)


def _small_mask(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    import cv2

    small = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return cv2.dilate(small, np.ones((5, 5))) > 0
