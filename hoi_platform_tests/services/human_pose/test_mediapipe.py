"""The real MediaPipe on a rendered child: found, accurate, silent, offline."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.body.fitting.observation import KeypointObservation
from hoi_platform.core.body.keypoints import KEYPOINT, LEFT_HAND_KEYPOINTS, RIGHT_HAND_KEYPOINTS
from hoi_platform.core.errors import StageError
from hoi_platform.services.body.characters import load_character
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.human_pose import (
    HumanPoseRequest,
    MediapipeEstimator,
    detect_keypoints,
)
from hoi_platform_tests.services.human_pose.people import (
    FPS,
    FilmedPerson,
    film,
    random_camera,
    reaching_motion,
)

CONFIGS = Path(__file__).parents[3] / "configs" / "characters"
BODY = slice(0, 29)


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> FilmedPerson:
    """Ten frames of the kid who reaches."""
    body = load_character("kid", CONFIGS, tmp_path_factory.mktemp("bodies"))
    rng = np.random.default_rng(11)
    motion = reaching_motion(body, 10, rng)
    return film(body, motion, random_camera(body, rng), background=(0.6, 0.65, 0.6))


@pytest.fixture(scope="module")
def seen(person: FilmedPerson) -> KeypointObservation:
    return detect_keypoints(Video(person.frames, FPS), person.camera, person.first_mask)


def error_px(person: FilmedPerson, seen: KeypointObservation) -> np.ndarray:
    """(T, K) distance of the detections from the truth."""
    return np.linalg.norm(seen.keypoints_px[..., :2] - person.landmarks_px(), axis=-1)


def test_body_is_found_where_it_is(person: FilmedPerson, seen: KeypointObservation) -> None:
    """2D error is what the fit lives on: the median must stay under 1 % of the stature."""
    assert seen.found.all()
    assert np.nanmedian(error_px(person, seen)[:, BODY]) < 3.5


def test_hands_are_found_and_not_swapped(person: FilmedPerson, seen: KeypointObservation) -> None:
    """Hands 20 px wide are found in their enlarged windows, each at its own wrist."""
    error = error_px(person, seen)
    for names in (LEFT_HAND_KEYPOINTS, RIGHT_HAND_KEYPOINTS):
        rows = [KEYPOINT[name] for name in names]
        assert np.isfinite(error[:, rows[0]]).mean() > 0.7
        assert np.nanmedian(error[:, rows]) < 3.0


def test_metric_landmarks_point_as_the_body_does(
    person: FilmedPerson, seen: KeypointObservation
) -> None:
    """A wrong sign of depth or of the mirrored pass would turn the person around."""
    pairs = [("right_shoulder", "left_shoulder"), ("left_hip", "left_knee"), ("left_ear", "nose")]
    truth = person.camera.to_cam(person.motion.joints(person.body))
    bones = [
        seen.landmarks_cam[:, KEYPOINT[b]] - seen.landmarks_cam[:, KEYPOINT[a]] for a, b in pairs
    ]
    across, thigh, face = bones
    assert across[0] @ (truth[0, 16] - truth[0, 17]) > 0.9 * np.linalg.norm(
        across[0]
    ) * np.linalg.norm(truth[0, 16] - truth[0, 17])
    assert thigh[0, 1] > 0
    assert face[0, 2] < 0  # toward the camera


def test_fit_is_within_the_target(person: FilmedPerson) -> None:
    """The whole backend: MPJPE far under the first target of 60 mm, fast hands within 100 mm."""
    request = HumanPoseRequest(
        Video(person.frames, FPS),
        person.camera,
        person.body,
        person.motion[:1],
        person.first_mask,
    )
    steps: list[float] = []
    estimate = MediapipeEstimator().estimate(
        request, progress=lambda fraction, text: steps.append(fraction)
    )
    gap = estimate.motion.joints(person.body) - person.motion.joints(person.body)
    error_mm = 1000 * np.linalg.norm(gap, axis=-1)
    assert error_mm[:, :22].mean() < 30
    assert error_mm[:, 25:].mean() < 100
    assert steps == sorted(steps)
    assert steps[-1] == 1.0


def test_an_empty_room_is_no_person(person: FilmedPerson) -> None:
    """Furniture must not become a motion."""
    empty = Video(np.full((4, 360, 640, 3), 140, np.uint8), FPS)
    request = HumanPoseRequest(
        empty, person.camera, person.body, person.motion[:1], np.zeros((360, 640), bool)
    )
    with pytest.raises(StageError, match="no person found in 4 of 4 frames"):
        MediapipeEstimator().estimate(request)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Any connection fails."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    return


def test_silent_and_offline(
    person: FilmedPerson, capfd: pytest.CaptureFixture[str], no_network: None
) -> None:
    """C++ log lines would tear the progress bars; a download would fail on a cluster."""
    detect_keypoints(Video(person.frames[:2], FPS), person.camera, person.first_mask)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""
