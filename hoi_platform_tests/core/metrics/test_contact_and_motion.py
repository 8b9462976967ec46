"""Contact, penetration, foot slide and smoothness against constructed cases."""

import numpy as np
import pytest

from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.object_surface import ObjectSurface
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.metrics import contact, motion
from hoi_platform_tests.hoi_samples import box_mesh, object_path, standing, stick_body

BODY = stick_body(radius=0.01)
CUBE = ObjectSurface.of(TriangleMesh(*box_mesh((0.2, 0.2, 0.2))), np.random.default_rng(0))


def _cube_at(position: np.ndarray, frames: int) -> np.ndarray:
    return np.tile(rigid(np.eye(3), position), (frames, 1, 1))


def test_contact_is_five_centimeters_of_hand_skin() -> None:
    """Contact of the wrong hand, or at another distance, would be scored."""
    vertices = standing(3).vertices(BODY)
    right = max(vertices[0, i, 0] for i in contact.hand_vertices(BODY)[1])
    height = 0.95 + 0.46
    for gap, touches in ((0.04, True), (0.06, False)):
        Ts = _cube_at(np.array([right + gap + 0.1, 0.0, height]), 3)
        found = contact.hands_in_contact(BODY, vertices, CUBE, Ts)
        np.testing.assert_array_equal(found, [[False, touches]] * 3)


def test_contact_scores() -> None:
    """Precision and recall would be exchanged, or F1 not their harmonic mean."""
    truth = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], bool)
    found = np.array([[1, 0], [1, 1], [0, 0], [0, 0]], bool)
    scores = contact.contact_scores(found, truth)
    assert (scores.precision, scores.recall) == (pytest.approx(2 / 3), pytest.approx(0.5))
    p, r = scores.precision, scores.recall
    assert scores.f1 == pytest.approx(2 * p * r / (p + r))
    none = contact.contact_scores(np.zeros((3, 2), bool), np.zeros((3, 2), bool))
    assert np.isnan([none.precision, none.recall, none.f1]).all()


def test_penetration_counts_enclosed_vertices() -> None:
    """The share of body vertices inside the object would be wrong, or move with its pose."""
    vertices = standing(2).vertices(BODY)
    head = vertices[0, 6 * JOINT["head"] : 6 * JOINT["head"] + 6].mean(axis=0)
    inside = np.abs(vertices[0] - head).max(axis=1) < 0.1
    found = contact.penetration_pct(vertices, CUBE, _cube_at(head, 2))
    assert found == pytest.approx(100 * inside.mean())
    assert contact.penetration_pct(vertices, CUBE, _cube_at(head + 5.0, 2)) == 0


def test_overlapping_parts_are_solid() -> None:
    """Inside two overlapping boxes, parity would call the middle hollow."""
    vertices, faces = box_mesh((0.2, 0.2, 0.2))
    both = TriangleMesh(
        np.concatenate([vertices, vertices + np.array([0.1, 0, 0])]),
        np.concatenate([faces, faces + 8]),
    )
    surface = ObjectSurface.of(both, np.random.default_rng(0), 100)
    points = np.array([[[0.05, 0, 0], [-0.05, 0, 0], [0.15, 0.01, 0], [0.05, 0, 0.11]]])
    np.testing.assert_array_equal(
        surface.inside(points, np.eye(4)[None]), [[True, True, True, False]]
    )


def test_contact_distance_is_that_of_the_nearest_vertices() -> None:
    """GRAIL's figure would not be in meters, or taken where there is no contact."""
    vertices = standing(2).vertices(BODY)
    right = max(vertices[0, i, 0] for i in contact.hand_vertices(BODY)[1])
    Ts = _cube_at(np.array([right + 0.03 + 0.1, 0.0, 0.95 + 0.46]), 2)
    held = np.array([[False, True], [False, False]])
    nearest = contact.contact_distance_m(BODY, vertices, CUBE, Ts, held, top_k=1)
    assert nearest == pytest.approx(0.03, abs=0.002)
    none = contact.contact_distance_m(BODY, vertices, CUBE, Ts, held & False)
    assert np.isnan(none)


def _sliding(speed_m_s: float, fps: float = 24.0) -> np.ndarray:
    still = standing(25, fps)
    way = speed_m_s * np.arange(25) / fps
    moved = BodyMotion(still.rotations, still.translation + way[:, None] * [1, 0, 0], fps)
    return moved.joints(BODY)


def test_foot_slide_is_the_planted_speed() -> None:
    """The unit would not be mm/s, or stance would follow the sliding prediction."""
    in_stance = motion.stance(_sliding(0.0), 24.0)
    assert in_stance.all()
    assert motion.foot_slide_mm_s(_sliding(0.25), 24.0, in_stance) == pytest.approx(250)
    assert np.isnan(motion.foot_slide_mm_s(_sliding(0.0), 24.0, in_stance & False))


def test_a_walking_or_lifted_foot_is_not_in_stance() -> None:
    """Swinging feet would count as sliding ones."""
    assert not motion.stance(_sliding(0.25), 24.0).any()
    lifted = _sliding(0.0)
    lifted[10:15, JOINT["left_foot"], 2] += 0.1
    in_stance = motion.stance(lifted, 24.0)
    assert not in_stance[10:14, 0].any()
    assert in_stance[:, 1].all()


def test_jitter_is_the_jerk() -> None:
    """For x = a t³ the jerk is 6a at any frame rate; constant acceleration has none."""
    for fps in (12.0, 24.0):
        t = np.arange(12)[:, None, None] / fps
        cubic = np.concatenate([2 * t**3, 0 * t, 0 * t], axis=-1)
        assert motion.jitter_m_s3(cubic, fps) == pytest.approx(12)
        assert motion.jitter_m_s3(cubic[:, :, [1, 1, 1]], fps) == 0


def test_smoothness_is_the_second_difference() -> None:
    """For x = ½ a t² the second difference per frame is a/fps²."""
    t = np.arange(10)[:, None, None] / 24
    path = np.concatenate([0.5 * 3 * t**2, 0 * t, 0 * t], axis=-1)
    assert motion.human_smoothness_m(path) == pytest.approx(3 / 24**2)
    Ts = np.tile(np.eye(4), (10, 1, 1))
    Ts[:, :3, 3] = path[:, 0]
    points = np.random.default_rng(0).normal(size=(5, 3))
    assert motion.object_smoothness_m(Ts, points) == pytest.approx(3 / 24**2)
    assert np.isnan(motion.object_smoothness_m(object_path(2, (0, 0, 0)), points))
