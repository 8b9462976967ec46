"""What is predicted from frame to frame: motion and the object's amodal mask."""

import numpy as np
import pytest

from hoi_platform.core.segmentation.prior import (
    backward_flow,
    fit_similarity,
    updated_amodal,
    warped,
)


def _disk(u, v, radius=9, shape=(60, 80)) -> np.ndarray:
    rows, columns = np.indices(shape)
    return np.hypot(columns - u, rows - v) < radius


def _flow_of(matrix, shape=(60, 80)) -> np.ndarray:
    v, u = np.indices(shape)
    moved = np.stack([u, v], axis=-1) @ matrix[:, :2].T + matrix[:, 2]
    return (moved - np.stack([u, v], axis=-1)).astype(np.float32)


def test_a_planted_similarity_is_recovered_despite_outliers():
    """Shift, turn or zoom of the object would be wrong, or led astray by the hand before it."""
    angle, scale = 0.12, 1.04
    A = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([A, [3.0, -2.0]])
    flow = _flow_of(matrix)
    flow[:, 42:] += [6.0, 5.0]
    motion = fit_similarity(flow, _disk(38, 30))
    assert not motion.still
    np.testing.assert_allclose(motion.matrix, matrix, atol=0.02)


def test_rest_is_rest():
    """Noise of the flow would wear the outline of a resting object away."""
    noise = np.random.default_rng(0).normal(0, 0.1, (60, 80, 2)).astype(np.float32)
    motion = fit_similarity(noise, _disk(40, 30))
    shape = _disk(40, 30).astype(np.float32)
    assert motion.still
    np.testing.assert_array_equal(motion.warped(shape), shape)
    assert fit_similarity(noise, np.zeros((60, 80), bool)).still


def test_an_outline_goes_where_the_object_goes():
    """The amodal mask would be moved the wrong way."""
    motion = fit_similarity(_flow_of(np.array([[1.0, 0, -5], [0, 1, 2]])), _disk(45, 28))
    found = motion.warped(_disk(40, 30).astype(np.float32)) > 0.5
    np.testing.assert_array_equal(found, _disk(45, 28))


def test_an_absurd_turn_is_not_believed():
    """A few wrong flow vectors would blow the outline up."""
    motion = fit_similarity(_flow_of(np.array([[3.0, 0, -60], [0, 3, -60]])), _disk(30, 30))
    np.testing.assert_allclose(motion.matrix[:, :2], np.eye(2))


def test_what_a_hand_hides_is_updated_amodal():
    """A part behind the fingers would be forgotten and never come back."""
    shape, hand = _disk(40, 30).astype(np.float32), _disk(46, 30, 5)
    thing = _disk(40, 30) & ~hand
    for _ in range(20):
        shape = updated_amodal(shape, thing, hand, 0.2)
    np.testing.assert_array_equal(shape > 0.5, _disk(40, 30))
    for _ in range(20):
        shape = updated_amodal(shape, thing, np.zeros_like(hand), 0.2)
    np.testing.assert_array_equal(shape > 0.5, thing)


def test_labels_follow_the_optical_flow():
    """Flow and warping would disagree about which way is back."""
    rng = np.random.default_rng(1)
    texture = rng.uniform(0, 255, (60, 80))
    previous = np.asarray(np.kron(texture[::3, ::4], np.ones((3, 4))), np.uint8)
    current = np.roll(previous, (2, 3), axis=(0, 1))
    flow = backward_flow(current, previous)
    assert np.median(flow[15:45, 20:60], axis=(0, 1)) == pytest.approx([-3, -2], abs=0.3)
    labels = _disk(40, 30).astype(np.float32)[None]
    found = warped(labels, flow)[0] > 0.5
    truth = _disk(43, 32)
    assert (found & truth).sum() / (found | truth).sum() > 0.85
