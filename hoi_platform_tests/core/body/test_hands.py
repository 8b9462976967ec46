"""A hand by itself: its palm, its fist, and fingers that stop at a surface."""

import numpy as np
import pytest

from hoi_platform.core.body.hands import CLOSED_DEG, OPEN_DEG, OPPOSITION_DEG, Hand, close_fingers
from hoi_platform.core.body.ik import SIDES, Side
from hoi_platform_tests.people import person


def _hand(side: Side) -> Hand:
    return Hand(person(), side)


def _posed(hand: Hand, flexion: np.ndarray) -> np.ndarray:
    return hand.vertices(hand.finger_rotations(flexion[None], np.array([OPPOSITION_DEG])))[0]


def test_hands_mirror_each_other() -> None:
    """A left-handed grasp would look unlike a right-handed one."""
    mirror = np.array([-1.0, 1.0, 1.0])
    left, right = _hand("left"), _hand("right")
    np.testing.assert_allclose(left.palm_center * mirror, right.palm_center, atol=1e-3)
    a = _posed(left, CLOSED_DEG).mean(axis=0) * mirror
    np.testing.assert_allclose(a, _posed(right, CLOSED_DEG).mean(axis=0), atol=1e-3)


@pytest.mark.parametrize("side", SIDES)
def test_fist_is_on_the_palm_s_side(side: Side) -> None:
    """Fingers would bend backward: closing, they pass before the palm and end near the wrist."""
    hand = _hand(side)
    out, _, along = hand.palm_axes.T
    tips = hand.vertex_finger % 3 == 2
    tips &= (hand.vertex_finger >= 0) & (hand.vertex_finger < 12)
    opened, closed = _posed(hand, OPEN_DEG)[tips], _posed(hand, CLOSED_DEG)[tips]
    halfway = _posed(hand, (OPEN_DEG + CLOSED_DEG) / 2)[tips]
    assert ((halfway - hand.palm_center) @ out).mean() > 0.02
    assert (closed @ along).mean() < 0.85 * (opened @ along).mean()


@pytest.mark.parametrize("side", SIDES)
def test_posed_hand_equals_the_body_s(side: Side) -> None:
    """Grasps would be planned on another hand than the one that is rendered."""
    hand, body = _hand(side), person()
    from hoi_platform.core.body.motion import BodyMotion

    R = np.tile(np.eye(3), (1, 55, 1, 1))
    R[0, hand.slots] = hand.finger_rotations(CLOSED_DEG, np.array(OPPOSITION_DEG))
    whole = BodyMotion(R, np.zeros((1, 3)), 1.0).vertices(body)[0][hand.vertices_in_body]
    wrist = body.rest_joints[hand.slots.start - 5 if side == "left" else hand.slots.start - 19]
    np.testing.assert_allclose(_posed(hand, CLOSED_DEG) + wrist, whole, atol=1e-6)


@pytest.mark.parametrize("radius", [0.012, 0.02])
@pytest.mark.parametrize("side", SIDES)
def test_fingers_close_until_they_touch_a_handle(side: Side, radius: float) -> None:
    """Fingers would end in the air or inside the handle."""
    hand = _hand(side)
    out, across, _ = hand.palm_axes.T
    center = hand.palm_center + out * (radius + 0.002)

    def distance(p: np.ndarray) -> np.ndarray:
        q = p - center
        return np.linalg.norm(q - (q @ across)[..., None] * across, axis=-1) - radius

    closure = close_fingers(hand, distance, OPPOSITION_DEG)
    assert closure.touching[:4].all()
    gap = distance(_posed(hand, closure.flexion_deg))
    fingers = hand.vertex_finger >= 0
    assert gap[fingers].min() > -0.001
    for finger in range(4):
        own = hand.vertex_finger // 3 == finger
        assert gap[own & fingers].min() < 0.005


def test_nothing_to_touch_gives_a_fist() -> None:
    """Fingers would stop without an obstacle."""
    closure = close_fingers(_hand("right"), lambda p: np.full(p.shape[:-1], 1.0), OPPOSITION_DEG)
    np.testing.assert_allclose(closure.flexion_deg, CLOSED_DEG)
    assert not closure.touching.any()
