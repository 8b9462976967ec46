"""Arms that a detector mirrors in depth are corrected by the whole clip."""

import numpy as np
import pytest

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.fitting import arm_depth
from hoi_platform.core.body.fitting.arm_depth import ArmEvidence, corrected_directions

FPS = 12.0
UPPER, FORE = 0.25, 0.22
BACK_WALL_M = 6.0


def _unit(v: Array) -> Array:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def _reaching(frames: int = 15) -> tuple[Array, Array, Array]:
    """Shoulder, elbow and wrist (T, 3): a hanging arm that rises toward the camera."""
    lift = np.linspace(0.0, 1.2, frames)
    shoulder = np.tile([0.2, -0.3, 3.0], (frames, 1))
    upper = np.stack([0.1 + 0 * lift, np.cos(0.7 * lift), -np.sin(0.7 * lift)], axis=-1)
    fore = np.stack([-0.3 * lift, np.cos(lift), -np.sin(lift)], axis=-1)
    elbow = shoulder + UPPER * _unit(upper)
    return shoulder, elbow, elbow + FORE * _unit(fore)


def _evidence(directions: Array, trust: float = 1.0) -> ArmEvidence:
    shoulder, elbow, wrist = _reaching()
    joints = np.stack([elbow, wrist], axis=1)
    return ArmEvidence(
        shoulder=shoulder,
        forward=np.tile([0.0, 0.0, -1.0], (len(shoulder), 1)),
        first=joints[0],
        rays=joints / joints[..., 2:],
        scene_depth=np.full(joints.shape[:2], BACK_WALL_M),
        trust=np.full(joints.shape[:2], trust),
        directions=directions,
    )


def _true_directions() -> Array:
    shoulder, elbow, wrist = _reaching()
    return _unit(np.stack([elbow - shoulder, wrist - elbow], axis=1))


def test_both_candidates_lie_on_the_ray_at_the_bone_s_length() -> None:
    """Arms would stretch, or leave their pixels, when they are turned over."""
    rng = np.random.default_rng(0)
    start, far = rng.uniform(-1, 1, (30, 3)) + np.array([0, 0, 4]), rng.normal(size=(30, 3))
    end = start + 0.3 * _unit(far)
    ray = end / end[:, 2:]
    near, away = arm_depth._on_ray(start, ray, 0.3)
    for point in (near, away):
        np.testing.assert_allclose(np.linalg.norm(point - start, axis=-1), 0.3, atol=1e-9)
        np.testing.assert_allclose(point / point[:, 2:], ray, atol=1e-9)
    gap = np.minimum(*(np.linalg.norm(point - end, axis=-1) for point in (near, away)))
    np.testing.assert_allclose(gap, 0, atol=1e-9)


def test_correct_detections_are_kept() -> None:
    """Good measurements would be replaced by coarser ones."""
    truth = _true_directions()
    np.testing.assert_array_equal(corrected_directions(_evidence(truth), FPS), truth)


@pytest.mark.parametrize("trust", [0.1, 0.25])
def test_an_arm_mirrored_for_a_while_is_corrected(trust: float) -> None:
    """A hand that reaches for the table would be put behind the back."""
    truth = _true_directions()
    mirrored = truth.copy()
    mirrored[9:12, :, 2] *= -1
    corrected = corrected_directions(_evidence(mirrored, trust), FPS)
    assert np.rad2deg(arm_depth._angle(corrected, truth)).max() < 15


def test_a_hand_seen_before_a_surface_is_not_behind_it() -> None:
    """The known scene would not be used: a detector that always mirrors would win."""
    truth = _true_directions()
    evidence = _evidence(truth * [1.0, 1.0, -1.0], trust=0.3)
    before_table = slice(9, None)
    evidence.scene_depth[before_table] = 2.8
    corrected = corrected_directions(evidence, FPS)
    assert np.rad2deg(arm_depth._angle(corrected, truth))[before_table].max() < 15


def test_frames_without_detection_stay_unknown() -> None:
    """A made-up direction would count as a measurement."""
    directions = _true_directions()
    directions[5] = np.nan
    evidence = _evidence(directions)
    evidence.rays[5] = np.nan
    corrected = corrected_directions(evidence, FPS)
    assert np.isnan(corrected[5]).all()
    assert np.isfinite(np.delete(corrected, 5, axis=0)).all()
