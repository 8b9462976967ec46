"""Starting poses, optical flow and the score that chooses among them."""

import numpy as np
import pytest

from hoi_platform.core.geometry.rotations import matrix_from_axis_angle, rotation_angle
from hoi_platform.core.tracking.frames import FINE
from hoi_platform.core.tracking.judging import NOTHING, PoseEstimate, Score, score_pose
from hoi_platform.core.tracking.motion import apply_twist, center_of, twist_between
from hoi_platform.core.tracking.photometric import frame_gain, render, template
from hoi_platform.core.tracking.starts import (
    constant_velocity,
    distinct,
    flow_pose,
    from_mask,
    local_starts,
    placed,
    rotation_grid,
    shifted_to_mask,
    turned,
    wide_starts,
)
from hoi_platform_tests.core.tracking.shots import CAMERA, CONFIG, Shot, shot

SEEN = Score(0.9, 0.9, 1.0)


def _found(T: np.ndarray, lost: bool = False) -> PoseEstimate:
    return PoseEstimate(T, np.eye(6), SEEN, lost)


def _score(truth: Shot, T: np.ndarray, **evidence: np.ndarray) -> Score:
    return score_pose(truth.evidence(**evidence), T, truth.model(), 1.0)


def test_the_truth_scores_high_and_everything_else_lower() -> None:
    """The search would keep a pose that shows something else."""
    truth = shot("cordless_drill")
    center = truth.surface.center
    exact = _score(truth, truth.T)
    assert exact.overlap > 0.95
    assert exact.total > 0.75
    assert exact.seen > 0.97
    for twist in ((0.02, 0, 0, 0, 0, 0), (0, 0, 0.1, 0, 0, 0), (0, 0, 0, 0, 0.5, 0)):
        other = _score(truth, apply_twist(truth.T, np.array(twist, float), center))
        assert other.total < 0.9 * exact.total
        assert other.overlap < exact.overlap
    aside = apply_twist(truth.T, np.r_[0.3, np.zeros(5)], center)
    assert _score(truth, aside).overlap < 0.05
    behind = truth.T.copy()
    behind[2, 3] = -1
    assert _score(truth, behind) == NOTHING


def test_the_hidden_part_counts_neither_for_nor_against() -> None:
    """A hand on the object would make the true pose look wrong."""
    truth = shot("cordless_drill")
    human = np.zeros(CAMERA.shape, bool)
    human[:, : int(np.median(np.flatnonzero(truth.mask.any(axis=0))))] = True
    half = _score(truth, truth.T, human=human)
    assert half.overlap > 0.93
    assert 0.2 < half.seen < 0.7
    missing = _score(truth, truth.T, mask=truth.mask & ~human)
    assert missing.overlap == pytest.approx(half.seen, abs=0.1)


def test_the_template_is_the_frame_itself_at_the_true_pose() -> None:
    """Residuals would remain at the truth and push away from it."""
    truth = shot("box")
    model, frame = truth.model(), truth.evidence()
    view = model.caster.view(truth.T, 1 / 3, 5)
    R = truth.T[:3, :3]
    gain = frame_gain(frame, view, R, model.lighting)
    made = template(frame, view, render(view, R, model.lighting, gain), FINE, CONFIG.blur_px[FINE])
    p_cam = made.p_object @ R.T + truth.T[:3, 3]
    uv = CAMERA.project_cam(p_cam)
    pixel = uv.astype(int)
    # One template point for each pixel that the surface fills, at the pixel's middle.
    assert np.abs(uv - pixel - 0.5).max() < 0.02
    assert len(made.colors) > 0.85 * truth.mask.sum()
    shown = frame.levels[FINE][pixel[:, 1], pixel[:, 0]]
    assert np.abs(made.colors - shown).mean() < 0.05
    du = (frame.levels[FINE][:, 2:] - frame.levels[FINE][:, :-2]) / 2
    rank = np.corrcoef(made.slope[:, 0, 0], du[pixel[:, 1], pixel[:, 0] - 1, 0])[0, 1]
    assert rank > 0.9


def test_velocity_goes_on() -> None:
    """A fast object would be looked for where it was."""
    center = np.array([0.1, 0.0, -0.05])
    first, twist = shot("box").T, np.array([0.01, -0.02, 0.005, 0.1, 0.05, -0.2])
    second = apply_twist(first, twist, center)
    third = constant_velocity(first, second, center)
    assert twist_between(second, third, center) == pytest.approx(twist)


def test_a_pose_is_shifted_onto_the_mask() -> None:
    """After a jump the search would begin beside the object."""
    truth = shot("cordless_drill")
    model, frame = truth.model(), truth.evidence()
    away = apply_twist(truth.T, np.array([0.06, -0.04, 0, 0, 0, 0.0]), model.center)
    back = shifted_to_mask(away, frame, model.caster)
    assert np.abs(back[:3, 3] - truth.T[:3, 3]).max() < 0.004
    assert np.array_equal(back[:3, :3], away[:3, :3])
    nothing = truth.evidence(mask=np.zeros(CAMERA.shape, bool))
    assert np.array_equal(shifted_to_mask(away, nothing, model.caster), away)


def test_turns_keep_the_center_and_have_their_angles() -> None:
    """The wide search would move the object away while it looks for its rotation."""
    T, center = shot("box").T, np.array([0.05, 0.02, 0.0])
    poses = turned(T, center)
    angles = [np.degrees(rotation_angle(T[:3, :3], other[:3, :3])) for other in poses]
    assert sorted(angles) == pytest.approx([12.0] * 6 + [25.0] * 6)
    for other in poses:
        assert center_of(other, center) == pytest.approx(center_of(T, center))
    assert len({tuple(np.round(other[:3, :3].ravel(), 6)) for other in poses}) == 12


def test_the_rotation_grid_leaves_no_gap() -> None:
    """A lost object would not be found again in some of its rotations."""
    grid = rotation_grid()
    assert grid.shape == (576, 3, 3)
    vectors = np.random.default_rng(0).normal(size=(400, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    half = np.arccos(np.clip(np.abs(vectors[:, :1]), 0, 1))
    axis = vectors[:, 1:] / np.linalg.norm(vectors[:, 1:], axis=1, keepdims=True)
    random = matrix_from_axis_angle(2 * half * axis)
    trace = np.einsum("aij,bij->ab", random, grid)
    nearest = np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))).min(axis=1)
    assert nearest.max() < 27
    assert np.linalg.det(grid) == pytest.approx(np.ones(576))


def test_poses_from_the_mask_stand_behind_its_box() -> None:
    """A lost object would be looked for at the image's middle."""
    truth = shot("box")
    model = truth.model()
    depth = float(center_of(truth.T, model.center)[2])
    (found,) = from_mask(truth.evidence(), [truth.T[:3, :3]], model.caster, depth)
    assert np.abs(found[:3, 3] - truth.T[:3, 3]).max() < 0.01
    at = placed(truth.T[:3, :3], np.array([0.1, 0.2, 0.9]), model.center)
    assert center_of(at, model.center) == pytest.approx([0.1, 0.2, 0.9])


def test_poses_that_look_alike_are_tried_once() -> None:
    """Time would be spent on the same pose again."""
    truth = shot("box")
    model = truth.model()
    near = apply_twist(truth.T, np.r_[0.001, np.zeros(5)], model.center)
    far = apply_twist(truth.T, np.r_[0.02, np.zeros(5)], model.center)
    kept = distinct([truth.T, near, far, truth.T], model.caster)
    assert [T is other for T, other in zip(kept, [truth.T, far], strict=True)] == [True, True]


def test_flow_carries_the_pose_from_frame_to_frame() -> None:
    """A textured object would be followed by its outline alone."""
    before, after = shot("box", (0.4, 0.5, 0.1)), shot("box", (0.43, 0.55, 0.12))
    model = before.model()
    view = model.caster.view(before.T)
    found = flow_pose(before.evidence(), view, before.T, after.evidence(), CAMERA)
    moved_deg = np.degrees(rotation_angle(before.T[:3, :3], after.T[:3, :3]))
    assert moved_deg > 3
    assert np.degrees(rotation_angle(found[:3, :3], after.T[:3, :3])) < 1.0
    assert np.abs(found[:3, 3] - after.T[:3, 3])[:2].max() < 0.001
    still = flow_pose(before.evidence(), view, before.T, before.evidence(), CAMERA)
    assert np.degrees(rotation_angle(still[:3, :3], before.T[:3, :3])) < 0.3


def test_flow_without_features_is_no_pose() -> None:
    """Eight stray corners on the hand would count as a measurement of the object."""
    truth = shot("box")
    view = truth.model().caster.view(truth.T)
    covered = truth.evidence(human=np.ones(CAMERA.shape, bool))
    assert flow_pose(truth.evidence(), view, truth.T, covered, CAMERA) is None
    assert flow_pose(covered, view, truth.T, truth.evidence(), CAMERA) is None


def test_what_was_lost_is_looked_for_everywhere() -> None:
    """The search would stay where the object vanished; a known pose would be searched at length."""
    truth = shot("box")
    model, frame = truth.model(), truth.evidence()
    known, lost = _found(truth.T), _found(truth.T).as_lost()
    assert (lost.lost, lost.score, lost.information.any()) == (True, NOTHING, np.False_)
    assert len(wide_starts(frame, [known], model)) == 13
    assert len(wide_starts(frame, [known, lost], model)) == 13 + 576 + 1
    step = apply_twist(truth.T, np.r_[0.02, np.zeros(5)], model.center)
    starts = local_starts(frame, frame, [known, _found(step)], model)
    ahead = constant_velocity(truth.T, step, model.center)
    assert any(np.allclose(T, ahead) for T in starts)
    assert np.array_equal(starts[0], step)
    assert len(local_starts(frame, frame, [known, lost], model)) <= 2
