"""A planted pose is found again in frames of a renderer that shares nothing with the tracker's."""

import numpy as np
import pytest

from hoi_platform.core.geometry.rotations import rotation_angle
from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform.core.tracking.frames import COARSE, FINE
from hoi_platform.core.tracking.judging import score_pose
from hoi_platform.core.tracking.motion import apply_twist
from hoi_platform.core.tracking.refine import Prior, best_of, refine
from hoi_platform_tests.core.tracking.shots import Shot, shot

SHAPES = ("box", "cordless_drill", "mug", "hammer")
_PRIOR = np.diag(np.repeat([0.03, 0.2], 3) ** -2.0)
# (v in meters, ω in radians)
PERTURBATIONS = {
    "sideways": (0.012, 0.0, 0.0, 0.0, 0.0, 0.0),
    "away": (0.0, 0.0, 0.03, 0.0, 0.0, 0.0),
    "rolled": (0.0, 0.0, 0.0, 0.0, 0.0, 0.15),
    "tilted": (0.0, 0.0, 0.0, 0.12, -0.1, 0.0),
    "all": (-0.008, 0.006, -0.015, 0.06, 0.07, -0.06),
}


def _errors(found: np.ndarray, truth: Shot) -> tuple[float, float, float]:
    """Millimeters across and along the line of sight, degrees."""
    gap = 1000 * (found[:3, 3] - truth.T[:3, 3])
    angle = np.degrees(rotation_angle(found[:3, :3], truth.T[:3, :3]))
    return float(np.linalg.norm(gap[:2])), float(abs(gap[2])), float(angle)


@pytest.mark.parametrize("change", PERTURBATIONS)
@pytest.mark.parametrize("name", SHAPES)
def test_refinement_recovers_the_planted_pose(name: str, change: str) -> None:
    """A wrong sign or scale in any term would hold the pose away from the truth."""
    truth = shot(name)
    model, frame = truth.model(TrackerConfig(renderings=3)), truth.evidence()
    start = apply_twist(truth.T, np.array(PERTURBATIONS[change]), model.center)
    coarse = refine(frame, start, model, Prior(start, _PRIOR), COARSE)
    found = refine(frame, coarse.T, model, Prior(coarse.T, _PRIOR), FINE).T
    across, along, angle = _errors(found, truth)
    assert across < 1.0
    assert along < 6.0
    assert angle < 1.5


def test_the_best_of_several_starts_is_refined() -> None:
    """A turned start that shows the wrong side would be kept, or the score would prefer it."""
    truth = shot("cordless_drill")
    model, frame = truth.model(), truth.evidence()
    half_turn = apply_twist(truth.T, np.array([0, 0, 0, 0, np.pi, 0]), model.center)
    near = apply_twist(truth.T, np.array([0.004, 0, 0.005, 0.03, 0.0, 0.03]), model.center)
    found = best_of(frame, [half_turn, near], model, _PRIOR)
    across, along, angle = _errors(found.T, truth)
    assert (across < 1.0, along < 6.0, angle < 1.5) == (True, True, True)
    exact = score_pose(frame, truth.T, model, 1.0)
    assert found.score.total > 0.97 * exact.total
    assert not found.lost


def test_the_information_grows_with_what_is_seen() -> None:
    """A half-hidden object would count as much as one in full view when frames are weighed."""
    truth = shot("cordless_drill")
    model = truth.model(TrackerConfig(renderings=1))
    columns = np.flatnonzero(truth.mask.any(axis=0))
    human = np.zeros(truth.mask.shape, bool)
    human[:, int(np.median(columns)) :] = True
    prior = Prior(truth.T, _PRIOR)
    full = refine(truth.evidence(), truth.T, model, prior, FINE).information
    half = refine(truth.evidence(human), truth.T, model, prior, FINE).information
    assert np.linalg.eigvalsh(full).min() > 0
    assert np.trace(half) < 0.8 * np.trace(full)
    assert (np.linalg.eigvalsh(full - 0.98 * half) > -1e-3 * np.trace(full)).all()


def test_without_the_object_in_view_the_start_is_returned() -> None:
    """A pose behind the camera would end the clip with an error of the solver."""
    truth = shot("box")
    model = truth.model()
    behind = truth.T.copy()
    behind[2, 3] = -1.0
    pose, information = refine(truth.evidence(), behind, model, Prior(behind, _PRIOR), FINE)
    assert np.array_equal(pose, behind)
    assert not information.any()
