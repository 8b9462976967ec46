"""Measures where MediaPipe puts its landmarks on rendered people; prints ``landmark_offsets.py``.

``python -m hoi_platform_tests.benchmarks.landmark_offsets [CLIPS]`` draws clips of random people
(none of them a shipped character), poses, views and backgrounds, detects landmarks in them, and
finds per landmark the offset in the rest pose that explains the detections best. The printed
tables replace those in ``hoi_platform/core/body/landmark_offsets.py``; 24 clips take 6 minutes.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.keypoints import KEYPOINT_NAMES, keypoint_regressor
from hoi_platform.services.body.anny_body import build_anny_body
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.human_pose import detect_keypoints
from hoi_platform_tests.services.human_pose.people import (
    FPS,
    FilmedPerson,
    film,
    random_camera,
    reaching_motion,
)

FRAMES = 24
PEOPLE = 8
ITERATIONS = 12
OUTLIER_M = 0.012
"""Where the robust loss bends, at the subject."""
RIDGE_PX2 = 20.0
"""Holds offsets that no view determines near zero (px² per stature²)."""
UNSIDED = [name.replace("right", "left") for name in KEYPOINT_NAMES]
MIRROR = np.array([[-1.0 if "right" in name else 1.0, 1, 1] for name in KEYPOINT_NAMES])


@dataclass(frozen=True)
class Sample:
    """One clip in linear form: a landmark is at ``anchor + basis @ offset`` in the camera."""

    anchor: Array  # (T, K, 3)
    basis: Array  # (T, K, 3, 3), per stature
    detected: Array  # (T, K, 3)
    focal_px: float
    center_px: Array  # (2,)

    def predicted(self, offsets: Array) -> tuple[Array, Array]:
        """Pixels (T, K, 2) and camera coordinates (T, K, 3) for offsets (K, 3)."""
        p = self.anchor + np.einsum("tkab,kb->tka", self.basis, offsets)
        return self.focal_px * p[..., :2] / p[..., 2:] + self.center_px, p

    def errors_m(self, offsets: Array) -> Array:
        """(T, K) distance from the detections at the subject's depth; nan where unseen."""
        uv, p = self.predicted(offsets)
        error = np.linalg.norm(self.detected[..., :2] - uv, axis=-1) * p[..., 2] / self.focal_px
        return np.where(self.detected[..., 2] > 0, error, np.nan)


def people(clips: int, rng: np.random.Generator) -> Iterator[FilmedPerson]:
    """Filmed people of random shape, pose, view and background."""
    labels = ("age", "gender", "height", "weight", "muscle", "proportions")
    low, high = (0.25, 0.0, 0.3, 0.3, 0.3, 0.3), (0.75, 1.0, 0.7, 0.7, 0.7, 0.7)
    shapes = rng.uniform(low, high, (min(PEOPLE, clips), len(labels)))
    bodies = [build_anny_body("random", dict(zip(labels, s, strict=True))) for s in shapes]
    for i in range(clips):
        body = bodies[i % len(bodies)]
        gray = float(rng.uniform(0.25, 0.8))
        motion = reaching_motion(body, FRAMES, rng)
        yield film(body, motion, random_camera(body, rng), (gray, gray, gray))


def measured(person: FilmedPerson) -> Sample:
    """Detect the landmarks of one clip."""
    regressor = keypoint_regressor(person.body, calibrated=False)
    motion, camera = person.motion, person.camera
    posed = person.body.pose(torch.as_tensor(motion.rotations), torch.as_tensor(motion.translation))
    R = np.einsum("kj,tjab->tkab", regressor.points.weights, posed.R_world_joint.numpy())
    basis = camera.T_cam_world[:3, :3] @ R * MIRROR[:, None, :] * person.body.height_m
    seen = detect_keypoints(Video(person.frames, FPS), camera, person.first_mask)
    anchor = camera.to_cam(regressor.positions(posed).numpy())
    return Sample(anchor, basis, seen.keypoints_px, camera.focal_px, camera.K[:2, 2])


def fitted_offsets(samples: list[Sample]) -> dict[str, Array]:
    """Robust Gauss-Newton over all clips: one offset (3,) in statures per unsided landmark."""
    offsets = {name: np.zeros(3) for name in dict.fromkeys(UNSIDED)}
    for _ in range(ITERATIONS):
        H = {name: RIDGE_PX2 * np.eye(3) for name in offsets}
        g = {name: -RIDGE_PX2 * offset for name, offset in offsets.items()}
        stacked = np.stack([offsets[name] for name in UNSIDED])
        for sample in samples:
            J, residual, weight = _linearized(sample, stacked)
            for k, name in enumerate(UNSIDED):
                H[name] += np.einsum("t,tia,tib->ab", weight[:, k], J[:, k], J[:, k])
                g[name] += np.einsum("t,tia,ti->a", weight[:, k], J[:, k], residual[:, k])
        offsets = {name: offsets[name] + np.linalg.solve(H[name], g[name]) for name in offsets}
    return offsets


def _linearized(sample: Sample, offsets: Array) -> tuple[Array, Array, Array]:
    """Derivatives (T, K, 2, 3), residuals (T, K, 2) and weights (T, K) in pixels."""
    uv, p = sample.predicted(offsets)
    scale = sample.focal_px / p[..., 2]
    projection = np.zeros((*p.shape[:2], 2, 3))
    projection[..., 0, 0] = projection[..., 1, 1] = scale
    projection[..., 2] = -scale[..., None] * p[..., :2] / p[..., 2:]
    residual = np.nan_to_num(sample.detected[..., :2] - uv)
    squared = (np.linalg.norm(residual, axis=-1) / (OUTLIER_M * scale)) ** 2
    return projection @ sample.basis, residual, sample.detected[..., 2] / (1 + squared)


def main() -> None:
    """Measure and print both tables."""
    clips = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    samples = [measured(person) for person in people(clips, np.random.default_rng(7000))]
    offsets = fitted_offsets(samples)
    stacked = np.stack([offsets[name] for name in UNSIDED])
    statures = [np.linalg.norm(sample.basis[0, 0], axis=0).mean() for sample in samples]
    errors = np.concatenate(
        [s.errors_m(stacked) / h for s, h in zip(samples, statures, strict=True)]
    )
    spread = {
        name: np.nanmedian(errors[:, [other == name for other in UNSIDED]]) for name in offsets
    }
    lines = ["OFFSETS: Final[dict[str, tuple[float, float, float]]] = {"]
    lines += [f'    "{n}": ({x:.5f}, {y:.5f}, {z:.5f}),' for n, (x, y, z) in offsets.items()]
    lines += ["}", "", "SPREAD: Final[dict[str, float]] = {"]
    lines += [f'    "{name}": {value:.5f},' for name, value in spread.items()]
    sys.stdout.write("\n".join([*lines, "}", ""]))


if __name__ == "__main__":
    main()
