"""How far a camera that should stand still has moved, from its images alone.

Each frame is aligned to the first by the similarity (shift, zoom, roll) that minimizes a robust
difference of gray values: the inverse compositional algorithm (Baker and Matthews, "Lucas-Kanade
20 years on", 2004) with Tukey weights, coarse to fine. People, objects and their shadows that
move are outliers to it. Its Gauss-Newton steps are those of ``core.least_squares``, undamped: the
noise is estimated again at each step, so the costs of two steps cannot be compared.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.least_squares.normal_equations import NormalEquations
from hoi_platform.core.least_squares.robust import TUKEY, TUKEY_BEND, robust_deviation

Gray = NDArray[np.float32]

COMPARED_WIDTH_PX: Final = 320
"""Pixels; width at which images are compared, chosen: it averages noise."""
_LEVELS: Final = 3
"""Number of pyramid levels; chosen: shifts of several pixels converge."""
_ITERATIONS: Final = 8
"""Iterations per level, at most; chosen."""
_MIN_NOISE: Final = 0.5
"""Gray values (of 255); chosen: below it quantization rules."""


@dataclass(frozen=True)
class CameraMotion:
    """Apparent motion of the background against the first frame, for T frames."""

    shift_px: NDArray[np.float64]
    """(T, 2) of the image center (u, v)."""
    zoom: NDArray[np.float64]
    """(T,) relative growth of the image: 0.01 is 1 %."""
    roll: NDArray[np.float64]
    """(T,) radians, clockwise in the image."""
    deviation_px: NDArray[np.float64]
    """(T,) standard error of the displacement; inf where the images have no structure."""
    half_diagonal_px: float

    @property
    def displacement_px(self) -> NDArray[np.float64]:
        """(T,) largest displacement in the image, that of a corner at worst."""
        swirl = np.hypot(self.zoom, self.roll) * self.half_diagonal_px
        return np.linalg.norm(self.shift_px, axis=1) + swirl

    def translation_m(self, focal_px: float, depth_m: float) -> NDArray[np.float64]:
        """(T,) translation of the camera that would move a background at ``depth_m`` so."""
        across = np.linalg.norm(self.shift_px, axis=1) / focal_px
        return np.hypot(across, self.zoom) * depth_m


def measure_camera_motion(gray: Gray, ignored: NDArray[np.bool_] | None = None) -> CameraMotion:
    """Align images (T, height, width), gray values 0 to 255, to the first.

    ``ignored`` (height, width) marks pixels of the first image that are not background.
    """
    background = np.ones(gray.shape[1:], bool) if ignored is None else ~ignored
    levels = [_Level.of(gray[0], background, level) for level in range(_LEVELS)]
    parameters = np.zeros((len(gray), 4))
    deviation = np.full(len(gray), np.inf)
    start = np.zeros(4)
    for t, image in enumerate(gray):
        for level in reversed(levels):
            start, deviation[t] = level.align(image, start)
        parameters[t] = start
    height, width = gray.shape[1:]
    return CameraMotion(
        parameters[:, :2],
        parameters[:, 2],
        parameters[:, 3],
        deviation,
        float(np.hypot(height, width)) / 2,
    )


@dataclass(frozen=True)
class _Level:
    """The first image at one level of the pyramid, with what the algorithm computes ahead."""

    reduction: int
    """Pixels of the image per pixel of the level."""
    template: Gray
    jacobian: NDArray[np.float32]  # (pixels, 4): gray values per unit of each parameter
    background: NDArray[np.bool_]

    @classmethod
    def of(cls, image: Gray, background: NDArray[np.bool_], level: int) -> "_Level":
        import cv2

        reduction = 2**level
        template = _reduce(image, reduction)
        v_center, u_center = (np.array(template.shape) / 2) * reduction
        du = cv2.Scharr(template, cv2.CV_32F, 1, 0) / (32 * reduction)
        dv = cv2.Scharr(template, cv2.CV_32F, 0, 1) / (32 * reduction)
        v, u = (np.indices(template.shape) + 0.5) * reduction
        u, v = (u - u_center).astype(np.float32), (v - v_center).astype(np.float32)
        jacobian = np.stack([du, dv, du * u + dv * v, dv * u - du * v], axis=-1)
        size = template.shape[::-1]
        mask = cv2.resize(background.astype(np.uint8), size, interpolation=cv2.INTER_AREA) > 0
        return cls(reduction, template, jacobian.reshape(-1, 4), mask)

    def align(self, image: Gray, start: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Refine (shift u, shift v, zoom, roll); returns them and the displacement's error."""
        parameters = start.copy()
        reduced = _reduce(image, self.reduction)
        normal = np.zeros((4, 4))
        for _ in range(_ITERATIONS):
            warped, inside = self._warp(reduced, parameters)
            use = (self.background & inside).ravel()
            residual = (warped - self.template).ravel()[use]
            if len(residual) < 64:
                return start, np.inf
            noise = max(robust_deviation(residual), _MIN_NOISE)
            weight = TUKEY.weight(np.square(residual / (TUKEY_BEND * noise)))
            equations = NormalEquations(frames=1, size=4)
            equations.add(residual[None], self.jacobian[None, use], weights=weight[None])
            normal = equations.blocks[0, 0]
            if np.linalg.cond(normal) > 1e12:
                return start, np.inf
            step = equations.step()[0]
            parameters = parameters + step
            if np.abs(step[:2]).max() < 0.01:
                break
        covariance = np.linalg.inv(normal) * noise**2
        return parameters, float(np.sqrt(np.trace(covariance[:2, :2])))

    def _warp(self, image: Gray, parameters: NDArray[np.float64]) -> tuple[Gray, NDArray[np.bool_]]:
        """The image seen at the template's pixels under the motion, and which of them it has."""
        import cv2

        shift, zoom, roll = parameters[:2] / self.reduction, parameters[2], parameters[3]
        A = np.array([[1 + zoom, -roll], [roll, 1 + zoom]])
        center = np.array(image.shape[::-1]) / 2 - 0.5
        M = np.column_stack([A, center + shift - A @ center])
        size = image.shape[::-1]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(image, M, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        inside = cv2.warpAffine(
            np.ones_like(image), M, size, flags=flags, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(warped, np.float32), np.asarray(inside) > 0.99


def _reduce(image: Gray, reduction: int) -> Gray:
    import cv2

    height, width = image.shape
    size = (width // reduction, height // reduction)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
