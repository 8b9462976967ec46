"""When an object counts as moving, as lost, and how far a pose is trusted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.core.tracking.config import TrackerConfig
from hoi_platform.core.tracking.judging import (
    NOTHING,
    PoseEstimate,
    Score,
    confidence_of,
    is_doubtful,
    is_lost,
    resting_frames,
    shows_motion,
)
from hoi_platform.core.tracking.motion import apply_twist
from hoi_platform_tests.core.tracking.shots import CAMERA, CONFIG, shot

REFERENCE = Score(0.9, 0.95, 1.0)
CERTAIN = 1e12 * np.eye(6)


def _resting(story: str) -> str:
    """``story`` has r(est), m(otion), l(ost) per frame; the answer # for rest and . for none."""
    moves, lost = [c == "m" for c in story], [c == "l" for c in story]
    return "".join("#" if rest else "." for rest in resting_frames(moves, lost))


@pytest.mark.parametrize(
    ("story", "resting"),
    [
        ("rrrr", "####"),
        ("rrmm", "##.."),
        ("rrmr", "####"),  # one frame alone is noise
        ("rrmrmm", "####.."),
        ("rrrm", "###."),  # the last run may be short
        ("rmlr", "####"),  # what is lost confirms nothing: noise
        ("rmlm", "#..."),  # and ends nothing
        ("rmllmr", "#....."),
        ("rrllmm", "##...."),  # it may have begun to move under the hand
        ("rrll", "####"),
        ("rrml", "##.."),
        ("rmmrr", "#...."),
    ],
)
def test_rest_ends_with_the_last_frame_that_showed_it(story: str, resting: str) -> None:
    """A lost frame would confirm a motion that one noisy frame pretended, or pin a moving object.

    A flag that is true when the frame before moved, whatever the frames before that, gave
    ``rmlr`` → ``#...``.
    """
    assert _resting(story) == resting


@given(story=st.text("rml", max_size=12).map(lambda s: "r" + s))
def test_rest_is_a_start_of_the_clip_and_lost_frames_are_no_evidence(story: str) -> None:
    """Rest could come back, or depend on how long the object was hidden."""
    resting = _resting(story)
    assert resting == "#" * resting.count("#") + "." * resting.count(".")
    seen = story.replace("l", "")
    assert _resting(seen).count("#") == sum(
        c == "#" for c, s in zip(resting, story, strict=True) if s != "l"
    )


def _found(T: np.ndarray, information: np.ndarray, lost: bool = False) -> PoseEstimate:
    return PoseEstimate(T, information, REFERENCE, lost)


def _shift(pixels: float, T: np.ndarray) -> np.ndarray:
    """Sideways by so many pixels at the center's depth."""
    return apply_twist(T, np.r_[pixels * T[2, 3] / CAMERA.focal_px, np.zeros(5)], np.zeros(3))


@pytest.mark.parametrize(("sigma_px", "threshold_px"), [(0.0, 0.5), (1.0, 3.5), (2.0, 6.5)])
def test_motion_shows_beyond_half_a_pixel_and_three_deviations(
    sigma_px: float, threshold_px: float
) -> None:
    """Noise would be stored as motion, or a slow start as rest."""
    truth = shot("box")
    model, none = truth.model(), np.zeros((6, 6))
    # The root mean square over both axes of the image is the deviation of one over √2 each.
    sigma_m = sigma_px * truth.T[2, 3] / CAMERA.focal_px / np.sqrt(2)
    information = np.diag([1e12] * 6).astype(float)
    if sigma_px:
        information[[0, 1], [0, 1]] = sigma_m**-2
    for factor, expected in ((0.85, False), (1.2, True)):
        found = _found(_shift(factor * threshold_px, truth.T), information)
        assert shows_motion(found, truth.T, model, none) is expected
    lost = _found(_shift(50, truth.T), information, lost=True)
    assert not shows_motion(lost, truth.T, model, none)


@pytest.mark.parametrize(
    ("score", "lost", "doubtful"),
    [
        (REFERENCE, False, False),
        (Score(0.9 * 0.36, 0.9, 1.0), False, True),
        (Score(0.9 * 0.34, 0.9, 1.0), True, True),
        (Score(0.9, 0.51, 1.0), False, True),
        (Score(0.9, 0.49, 1.0), True, True),
        (Score(0.9 * 0.71, 0.81, 1.0), False, False),
        (Score(0.9 * 0.69, 0.81, 1.0), False, True),
        (NOTHING, True, True),
    ],
)
def test_lost_and_doubtful_have_their_thresholds(score: Score, lost: bool, doubtful: bool) -> None:
    """A wrong pose would be kept, or a good one searched for at length."""
    judged = [judge(score, REFERENCE, CONFIG) for judge in (is_lost, is_doubtful)]
    assert judged == [lost, doubtful]


def _confidence(score: Score, information: np.ndarray = CERTAIN, lost: bool = False) -> float:
    found = PoseEstimate(np.eye(4), information, score, lost)
    return confidence_of(found, REFERENCE, information, CONFIG)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (REFERENCE, 1.0),
        (Score(0.45, 0.95, 1.0), 0.5),
        (Score(0.9, 0.3 + 0.55 / 2, 1.0), 0.5),
        (Score(0.9, 0.95, 0.35 / 2), 0.5),
        (Score(0.45, 0.3 + 0.55 / 2, 0.35 / 2), 0.125),
        (Score(2.0, 0.95, 1.0), 1.0),
        (Score(0.9, 0.2, 1.0), 0.0),
    ],
)
def test_confidence_is_the_product_of_its_factors(score: Score, expected: float) -> None:
    """A pose that fits badly would weigh as much as a good one."""
    assert _confidence(score) == pytest.approx(expected, abs=1e-6)


def test_confidence_halves_at_the_tolerable_uncertainty() -> None:
    """Depth that no image tells would be reported as known."""
    across = np.diag(np.r_[np.full(3, 3 / 0.02**2), np.full(3, 1e12)])
    turned = np.diag(np.r_[np.full(3, 1e12), np.full(3, 3 / 0.2**2)])
    for information in (across, turned):
        assert _confidence(REFERENCE, information) == pytest.approx(0.5, abs=1e-4)
    assert _confidence(REFERENCE, lost=True) == 0.0


def test_a_setting_moves_what_it_names() -> None:
    """An ablation would change a number that nothing reads."""
    score = Score(0.9 * 0.6, 0.6, 1.0)
    strict = TrackerConfig(lost_overlap=0.7, doubtful_score=0.5, doubtful_overlap=0.5)
    assert is_lost(score, REFERENCE, strict)
    assert not is_doubtful(score, REFERENCE, strict)
    across = np.diag(np.r_[np.full(3, 3 / 0.04**2), np.full(3, 1e12)])
    lenient = TrackerConfig(tolerable_sigma=(0.04, 0.2))
    found = PoseEstimate(np.eye(4), across, REFERENCE)
    assert confidence_of(found, REFERENCE, across, lenient) == pytest.approx(0.5, abs=1e-4)
    moving = TrackerConfig(still_px=2.0, motion_sigmas=0.0)
    truth, none = shot("box"), np.zeros((6, 6))
    for shift_px, expected in ((1.7, False), (2.3, True)):
        found = _found(_shift(shift_px, truth.T), CERTAIN)
        assert shows_motion(found, truth.T, truth.model(moving), none) is expected
