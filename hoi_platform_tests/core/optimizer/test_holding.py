"""Rest read off the masks, and holding hands where the labels come from a lost track."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hoi_platform.core.optimizer.build import observed_contacts
from hoi_platform.core.optimizer.first_guess import first_guess
from hoi_platform.core.optimizer.hoi_model import TensorSpec
from hoi_platform.core.optimizer.holding import WRISTS, Holding, holding, rest_frames
from hoi_platform_tests.core.optimizer.planted import Planted, planted

START = 6
FLOAT64 = TensorSpec(torch.float64, torch.device("cpu"))


@pytest.fixture(scope="module")
def clip() -> Planted:
    return planted(frames=16, contact_start=START)


def _moving_masks(moves_at: int, frames: int = 10) -> tuple[np.ndarray, np.ndarray]:
    thing = np.zeros((frames, 40, 60), dtype=bool)
    for t in range(frames):
        shift = max(0, t - moves_at + 1) * 4
        thing[t, 10:22, 10 + shift : 20 + shift] = True
    return thing, np.zeros_like(thing)


def test_rest_ends_when_the_mask_leaves_its_place():
    """The object is pinned to the table after it was lifted, or let go before."""
    thing, person = _moving_masks(moves_at=4)
    assert rest_frames(thing, person, np.ones(10)) == 4


def test_a_single_slip_of_the_mask_is_no_motion():
    """One frame in which the tracker jumps ends the rest."""
    thing, person = _moving_masks(moves_at=6)
    thing[2] = np.roll(thing[2], 20, axis=1)
    assert rest_frames(thing, person, np.ones(10)) == 6


def test_an_object_that_never_moves_rests_throughout():
    """One flickering pixel row counts as motion."""
    thing, person = _moving_masks(moves_at=99)
    thing[5, 10] = False
    assert rest_frames(thing, person, np.ones(10)) == 10


def test_a_hand_in_front_is_no_motion():
    """The object starts to move when the hand covers half of it."""
    thing, person = _moving_masks(moves_at=7)
    person[3:, 10:22, 10:15] = True
    assert rest_frames(thing & ~person, person, np.ones(10)) == 7


def test_masks_without_confidence_tell_nothing():
    """A mask that jumped away ends the rest."""
    thing, person = _moving_masks(moves_at=6)
    thing[2] = np.roll(thing[2], 20, axis=1)
    confidence = np.ones(10)
    confidence[2] = 0.1
    assert rest_frames(thing, person, confidence) == 6


def test_labels_stay_where_the_track_is_sure(clip):
    """Good labels are overruled."""
    held = holding(clip.inputs)
    assert np.array_equal(held.hands, clip.inputs.contacts.hands)
    assert START <= held.rest <= START + 3


def test_a_lost_track_leaves_the_object_in_the_hand(clip):
    """Labels end where the track is lost, so that the object hangs in the air."""
    inputs = clip.inputs
    hands = inputs.contacts.hands.copy()
    hands[START + 4 :] = False
    confidence = np.where(np.arange(len(inputs)) < START + 3, 1.0, 0.2)
    Ts = inputs.track.Ts_world_object.copy()
    Ts[START + 3 :, :3, 3] += 0.4
    lost = replace(
        inputs,
        track=replace(inputs.track, Ts_world_object=Ts, confidence=confidence),
        contacts=replace(inputs.contacts, hands=hands),
    )
    held = holding(lost)
    assert held.hands[START:, 1].all()
    guess = first_guess(lost, held)
    assert np.allclose(guess[held.rest :], clip.Ts_world_object[held.rest :], atol=1e-9)
    assert np.allclose(guess[: held.rest], clip.Ts_world_object[0], atol=1e-9)


def test_without_any_label_nobody_holds(clip):
    """A hand without evidence would be pulled to an object whose place nobody knows."""
    inputs = clip.inputs
    blind = replace(
        inputs,
        track=replace(inputs.track, confidence=np.zeros(len(inputs))),
        contacts=replace(
            inputs.contacts,
            hands=np.zeros((len(inputs), 2), dtype=bool),
            confidence=np.zeros((len(inputs), 2)),
        ),
    )
    held = holding(blind)
    assert not held.hands.any()
    assert not held.confidence.any()


def test_a_carried_label_is_as_sure_as_the_hand_is_seen(clip):
    """A hand that has left the picture would be pulled on for the rest of the clip."""
    inputs = clip.inputs
    hands = inputs.contacts.hands.copy()
    hands[START + 4 :] = False
    shown = inputs.human.joint_confidence.copy()
    shown[START + 6 :, WRISTS[1]] = 0.0
    lost = replace(
        inputs,
        human=replace(inputs.human, joint_confidence=shown),
        track=replace(inputs.track, confidence=np.zeros(len(inputs))),
        contacts=replace(inputs.contacts, hands=hands),
    )
    held = holding(lost)
    assert held.hands[START + 6 :, 1].all()
    assert not held.confidence[START + 6 :].any()
    assert held.confidence[held.rest : START + 4, 1].all()


def test_a_doubtful_contact_pulls_less_also_alone(clip):
    """The mean over weights gave a lone hidden hand the pull of a plain one."""
    plain = Holding(START, clip.inputs.contacts.hands, clip.inputs.contacts.confidence)
    weight = observed_contacts(plain, FLOAT64).weight
    doubtful = observed_contacts(plain._replace(confidence=0.1 * plain.confidence), FLOAT64).weight
    assert float(weight.max()) == 1.0
    assert float(doubtful.max()) == pytest.approx(1 / 3)


@pytest.mark.parametrize("depth_m", [-0.4, 0.4])
def test_a_held_object_is_within_reach_of_its_hand(clip, depth_m):
    """Optimization begins with the object decimeters before or behind the hand, and stays there."""
    Ts = clip.Ts_world_object.copy()
    sight = Ts[:, :3, 3] - clip.inputs.camera.T_world_cam[:3, 3]
    sight /= np.linalg.norm(sight, axis=-1, keepdims=True)
    Ts[START:, :3, 3] += depth_m * sight[START:]
    far = replace(clip.inputs, track=replace(clip.inputs.track, Ts_world_object=Ts))
    held = holding(far)
    guess = first_guess(far, held)[held.rest :]
    moved = np.linalg.norm(guess[:, :3, 3] - clip.Ts_world_object[held.rest :, :3, 3], axis=-1)
    assert moved.max() < 0.25
    across = np.cross(guess[:, :3, 3] - Ts[held.rest :, :3, 3], sight[held.rest :])
    assert np.abs(across).max() < 0.01
