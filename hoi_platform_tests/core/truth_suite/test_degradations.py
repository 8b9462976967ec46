"""Degradations and wrong knowledge against closed forms."""

import numpy as np
import pytest

from hoi_platform.core.body.skeleton import NUM_BODY_JOINTS
from hoi_platform.core.geometry.rotations import rotation_angle
from hoi_platform.core.truth_suite.degradations import DEGRADATIONS, CleanClip
from hoi_platform.core.truth_suite.wrong_knowledge import WRONG_KNOWLEDGE, Knowledge
from hoi_platform_tests.core.scene.scenes import standard_scene
from hoi_platform_tests.hoi_samples import standing, stick_body

FRAMES, HEIGHT, WIDTH = 24, 90, 160


def clean() -> CleanClip:
    """A gray picture with a bright person and a dark object, at a quarter of 640 columns."""
    plate = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    person = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    thing = np.zeros_like(person)
    person[:, 10:80, 60:90] = True
    thing[:, 40:60, 100:124] = True
    frames = np.tile(plate, (FRAMES, 1, 1, 1))
    frames[person] = 200
    frames[thing] = 30
    return CleanClip(frames, plate, thing, person)


def spoiled(name: str) -> np.ndarray:
    """The clean clip with one thing wrong, as signed numbers."""
    return DEGRADATIONS[name](clean(), np.random.default_rng(3)).astype(int)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_a_degradation_is_reproducible_and_keeps_the_clip_s_form(name: str) -> None:
    """Two runs would measure different clips."""
    first, again = spoiled(name), spoiled(name)
    assert (first == again).all()
    assert first.shape == (FRAMES, HEIGHT, WIDTH, 3)
    assert first.min() >= 0
    assert first.max() <= 255


@pytest.mark.parametrize("name", [n for n in DEGRADATIONS if n != "h264"])
def test_a_degradation_changes_the_clip(name: str) -> None:
    """A clean clip would be published as a degraded one."""
    assert (spoiled(name) != clean().frames).mean() > 0.005


def test_flicker_stays_within_its_share_and_begins_at_none() -> None:
    """The strength would differ from the published 12 %."""
    change = spoiled("flicker")[:, 0, 0, 0] - 120
    assert change[0] == 0
    assert 3 < np.abs(change).max() <= 0.12 * 120 + 6 + 1


def test_drift_ends_six_pixels_away_at_640_columns() -> None:
    """The camera's motion would be another than the published one."""
    frames = spoiled("drift")
    rows, columns = np.nonzero(frames[-1, :, :, 0] < 60)
    first_rows, first_columns = np.nonzero(frames[0, :, :, 0] < 60)
    moved = np.hypot(rows.mean() - first_rows.mean(), columns.mean() - first_columns.mean())
    assert moved == pytest.approx(6 * WIDTH / 640, abs=0.3)


def test_shake_leaves_frame_0_where_it_is() -> None:
    """The conditioning frame would not match, which is another defect."""
    assert (spoiled("shake")[0] == clean().frames[0]).all()


def test_noise_has_its_standard_deviation() -> None:
    """The strength would differ from the published one."""
    assert (spoiled("noise") - clean().frames).std() == pytest.approx(8, rel=0.05)


def test_late_entry_hides_the_person_and_leaves_the_object() -> None:
    """Something else than the person would be missing, or it would never appear."""
    frames, given = spoiled("late_entry"), clean()
    assert (frames[0] == given.frames[0]).all()
    assert (frames[1:3][given.human_masks[1:3]] == 120).all()
    assert (frames[1:3][given.object_masks[1:3]] == 30).all()
    assert (frames[3:] == given.frames[3:]).all()


def test_the_covered_object_is_half_hidden_in_the_middle_third() -> None:
    """More or less would be hidden than published."""
    frames, given = spoiled("covered_object"), clean()
    hidden = [(frames[t][given.object_masks[t]] != 30).any(axis=-1).mean() for t in range(FRAMES)]
    assert max(hidden[:8]) == 0
    assert 0.3 < np.mean(hidden[8:16]) < 0.7
    assert max(hidden[16:]) == 0


@pytest.fixture
def known() -> Knowledge:
    """A standing stick person in the standard scene."""
    return Knowledge(standard_scene().spec, stick_body(), standing(1))


def test_the_first_pose_is_off_by_four_degrees_and_15_mm(known: Knowledge) -> None:
    """The suite would measure another mistake than it names."""
    wrong = WRONG_KNOWLEDGE["first_pose"](known, np.random.default_rng(0)).first_frame
    angles = np.rad2deg(rotation_angle(known.first_frame.rotations, wrong.rotations))[0]
    assert angles[:NUM_BODY_JOINTS] == pytest.approx(np.full(NUM_BODY_JOINTS, 4.0))
    assert angles[NUM_BODY_JOINTS:] == pytest.approx(0.0, abs=1e-5)
    offset = wrong.translation - known.first_frame.translation
    assert np.linalg.norm(offset) == pytest.approx(0.015)


def test_body_and_camera_are_off_by_their_shares(known: Knowledge) -> None:
    """The suite would measure another mistake than it names."""
    rng = np.random.default_rng(0)
    larger = WRONG_KNOWLEDGE["body"](known, rng).body
    assert larger.height_m == pytest.approx(1.05 * known.body.height_m)
    assert np.allclose(larger.rest_joints, 1.05 * known.body.rest_joints)
    camera = WRONG_KNOWLEDGE["camera"](known, rng).spec.camera
    assert camera.focal_px == pytest.approx(1.01 * known.spec.camera.focal_px)
    assert camera.T_world_cam == known.spec.camera.T_world_cam
