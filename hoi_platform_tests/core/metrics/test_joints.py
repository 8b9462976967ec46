"""Joint errors against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.metrics import joints
from hoi_platform_tests.hoi_samples import moving, stick_body

TRUTH = moving(6, np.random.default_rng(0)).joints(stick_body())
NOISE = np.random.default_rng(1).normal(0, 0.01, TRUTH.shape)


def test_a_rigid_offset_is_the_mpjpe() -> None:
    """MPJPE of joints that are all shifted by d is |d|; aligned at the root it is zero."""
    shifted = TRUTH + np.array([0.03, 0.0, 0.04])
    assert joints.mpjpe_mm(shifted, TRUTH) == pytest.approx(50)
    assert joints.root_aligned_mpjpe_mm(shifted, TRUTH) == pytest.approx(0, abs=1e-9)
    assert joints.hand_joint_mm(shifted, TRUTH) == pytest.approx(50)
    assert joints.wrist_relative_hand_joint_mm(shifted, TRUTH) == pytest.approx(0, abs=1e-9)


def test_one_wrong_joint_counts_by_its_share() -> None:
    """The mean would not be over all joints and frames."""
    wrong = joints.body_joints(TRUTH).copy()
    wrong[:, 7, 2] += 0.022
    assert joints.mpjpe_mm(wrong, joints.body_joints(TRUTH)) == pytest.approx(1.0)


def test_one_bent_finger_is_a_hand_error() -> None:
    """Hand errors would read the wrong joints or miss a hand."""
    wrong = TRUTH.copy()
    wrong[:, 25, 0] += 0.03
    assert joints.wrist_relative_hand_joint_mm(wrong, TRUTH) == pytest.approx(1.0)
    assert joints.mpjpe_mm(joints.body_joints(wrong), joints.body_joints(TRUTH)) == 0


@given(
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.tuples(*[st.floats(-2, 2)] * 3),
    st.floats(0.3, 3),
)
def test_procrustes_ignores_similarities(
    turn: tuple[float, ...], shift: tuple[float, ...], scale: float
) -> None:
    """PA-MPJPE is unchanged by rotation, translation and scale of the prediction."""
    R = matrix_from_axis_angle(np.array(turn))
    noisy = TRUTH + NOISE
    moved = scale * noisy @ R.T + np.array(shift)
    expected = joints.pa_mpjpe_mm(noisy, TRUTH)
    assert joints.pa_mpjpe_mm(moved, TRUTH) == pytest.approx(expected, rel=1e-6)
    assert joints.pa_mpjpe_mm(scale * TRUTH @ R.T, TRUTH) == pytest.approx(0, abs=1e-6)


def test_procrustes_does_not_mirror() -> None:
    """A mirrored skeleton would count as perfect, because reflections were allowed."""
    bent = TRUTH.copy()
    bent[:, 21] += np.array([0.0, 0.2, 0.3])  # no longer its own mirror image
    assert joints.pa_mpjpe_mm(bent * np.array([-1, 1, 1]), bent) > 10


def test_procrustes_is_never_worse_than_root_alignment() -> None:
    """The alignment would not be the least-squares one (same order for small noise)."""
    noisy = TRUTH + NOISE
    assert joints.pa_mpjpe_mm(noisy, TRUTH) < joints.root_aligned_mpjpe_mm(noisy, TRUTH)
