"""Contact labels from geometry, on a clip whose truth is known."""

import numpy as np
import pytest

from hoi_platform.core.arrays import Array
from hoi_platform.core.config.recon_4dhoi import ContactConfig
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.scene.contacts import ContactLabels, label_contacts
from hoi_platform_tests.core.optimizer.planted import Planted, planted

START, FRAMES = 6, 24


@pytest.fixture(scope="module")
def clip() -> Planted:
    return planted(frames=FRAMES, contact_start=START)


PLAIN = np.ones((FRAMES, 2))


def _labels(clip: Planted, offset: Array, visibility: Array = PLAIN) -> ContactLabels:
    """Of the true motion, with the object moved by ``offset`` (m) while it is held."""
    seen, Ts = clip.inputs, clip.Ts_world_object.copy()
    Ts[START:, :3, 3] += offset
    return label_contacts(
        seen.body, clip.motion, seen.mesh, Ts, seen.camera, visibility, ContactConfig()
    )


def test_true_poses_give_true_labels(clip: Planted) -> None:
    """The hand that lifts would not be named, or the idle one would."""
    labels = _labels(clip, np.zeros(3))
    assert labels.hands[START + 3 :, 1].all()
    assert not labels.hands[: START - 3].any()
    assert not labels.hands[:, 0].any()
    assert ["right_wrist"] in labels.joints


@pytest.mark.parametrize("depth_m", [-0.3, -0.15, 0.15, 0.3])
def test_depth_alone_takes_no_object_out_of_a_hand(clip: Planted, depth_m: float) -> None:
    """A small object, whose depth is seen worst, would fly through the room by itself."""
    labels = _labels(clip, depth_m * clip.inputs.camera.T_world_cam[:3, 2])
    assert labels.hands[START + 3 :, 1].all()
    assert not labels.hands[:, 0].any()


def test_an_object_seen_beside_the_hand_is_not_held(clip: Planted) -> None:
    """Whatever moves while a person is in the picture would count as held."""
    labels = _labels(clip, 0.6 * clip.inputs.camera.T_world_cam[:3, 0])
    assert not labels.hands.any()


def test_labels_read_back(clip: Planted) -> None:
    """The optimizer would read other labels than were written."""
    labels = _labels(clip, np.zeros(3))
    again = ContactLabels.from_json(labels.to_json())
    assert again.to_json() == labels.to_json()
    assert np.array_equal(again.hands, labels.hands)
    assert again.confidence == pytest.approx(labels.confidence, abs=1e-4)


def test_labels_without_confidence_say_what_to_do() -> None:
    """Labels of an earlier version would end in a KeyError."""
    text = '{"contact_labels": [], "contact_interval": 8, "contact_start_idx": 0, "hands": []}'
    with pytest.raises(BadInputError, match="--force contact_labels"):
        ContactLabels.from_json(text)


def test_a_hand_that_nobody_sees_gets_no_label(clip: Planted) -> None:
    """A hidden hand whose guess is near would be made to hold the object."""
    hidden = PLAIN.copy()
    hidden[:, 1] = 0.02
    labels = _labels(clip, np.zeros(3), hidden)
    assert not labels.hands[:, 1].any()
    assert not labels.confidence.any()


def test_a_grasp_outlasts_a_short_occlusion(clip: Planted) -> None:
    """A hand that turns behind the object would let it go for some frames."""
    blinking = PLAIN.copy()
    blinking[START + 6 : START + 8, 1] = 0.0
    assert np.array_equal(
        _labels(clip, np.zeros(3), blinking).hands, _labels(clip, np.zeros(3)).hands
    )


def test_confidence_follows_visibility(clip: Planted) -> None:
    """A doubtful contact would pull as hard as a plain one."""
    sure = _labels(clip, np.zeros(3))
    doubtful = _labels(clip, np.zeros(3), 0.4 * PLAIN)
    assert np.array_equal(sure.hands, doubtful.hands)
    assert doubtful.confidence == pytest.approx(0.4 * sure.confidence)
    assert (sure.confidence[sure.hands] >= 0.5).all()
    assert not sure.confidence[~sure.hands].any()
