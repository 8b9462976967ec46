"""What is stored of a performance: bit by bit what was performed, and what a camera sees of it."""

import time
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.skeleton import JOINT, PARENTS
from hoi_platform.core.cues.finger_tips import FINGERS, finger_tip_vertices
from hoi_platform.core.cues.parts import PART, EmptyScene, face_parts, part_view
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.performance import StoredPerformance
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.scene.actors import actor_masks, static_depth
from hoi_platform.services.performances.pictures import labels_and_depth
from hoi_platform.services.performances.views import Actors, part_views, read_views, write_views
from hoi_platform.services.video.lossless import LosslessWriter, read_lossless
from hoi_platform_tests.core.scene.scenes import THING, sampled
from hoi_platform_tests.hoi_samples import moving, stick_body
from hoi_platform_tests.people import person
from hoi_platform_tests.services.performances.samples import stored_performance

BODY = stick_body()
SPEC = sampled().spec
STORED = stored_performance(moving(4, np.random.default_rng(3)), BODY, SPEC)
ACTORS = Actors(SPEC, BODY, THING)


def test_a_stored_performance_comes_back_bit_by_bit(tmp_path: Path) -> None:
    """The video would show another performance than the truth describes."""
    path = tmp_path / "performance.npz"
    STORED.save(path)
    read = StoredPerformance.load(path)
    for name in ("rotations", "translation"):
        np.testing.assert_array_equal(getattr(read.motion, name), getattr(STORED.motion, name))
    for name in ("Ts_world_object", "contact", "finger_tips", "finger_tip_vertices"):
        np.testing.assert_array_equal(getattr(read, name), getattr(STORED, name))
    assert (read.phases, read.motion.fps) == (STORED.phases, STORED.motion.fps)


@pytest.mark.parametrize("damage", ["cut", "another array", "another version"])
def test_a_damaged_performance_is_refused(tmp_path: Path, damage: str) -> None:
    """A video would be rendered of half a performance."""
    path = tmp_path / "performance.npz"
    STORED.save(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    else:
        with np.load(path) as file:
            arrays = dict(file)
        arrays |= {"contact": arrays["contact"][:-1]} if damage == "another array" else {}
        arrays |= {"schema_version": np.array(99)} if damage == "another version" else {}
        np.savez(path, **arrays)
    with pytest.raises(BadInputError, match=r"performance\.npz"):
        StoredPerformance.load(path)


def test_finger_tips_are_the_ends_of_the_fingers() -> None:
    """Keypoints of a hand would end at its last knuckles, or belong to another finger."""
    body = person()
    tips = finger_tip_vertices(body)
    assert len(np.unique(tips)) == 10
    for side, row in zip(SIDES, tips, strict=True):
        for finger, vertex in zip(FINGERS, row, strict=True):
            last = JOINT[f"{side}_{finger}3"]
            assert body.vertex_joint[vertex] == last
            ends = body.rest_vertices[vertex] - body.rest_joints[last]
            bone = body.rest_joints[last] - body.rest_joints[PARENTS[last]]
            assert ends @ bone / np.linalg.norm(ends) / np.linalg.norm(bone) > 0.7
            assert 0.008 < np.linalg.norm(ends) < 0.04


def test_views_are_those_that_the_masks_of_the_truth_are_made_of() -> None:
    """Cues would show hands and object elsewhere than the truth that goes with them."""
    camera, static = SPEC.camera.camera(), static_depth(SPEC)
    person_s, seen = [PART[name] for name in ("body", "left_hand", "right_hand")], []
    for frame, view in enumerate(part_views(STORED, ACTORS)):
        skin = TriangleMesh(STORED.motion.vertices(BODY)[frame], BODY.faces)
        truth = actor_masks(camera, skin, THING.transformed(STORED.Ts_world_object[frame]), static)
        np.testing.assert_array_equal(np.isin(view.labels, person_s), truth.human_mask)
        np.testing.assert_array_equal(view.labels == PART["object"], truth.object_mask)
        known = view.labels > 0
        np.testing.assert_array_equal(view.depth[known], truth.depth[known])
        assert np.isnan(view.depth[~known]).all()
        seen += np.unique(view.labels).tolist()
    assert set(seen) == set(PART.values())


def test_a_hand_is_what_wrist_and_fingers_move() -> None:
    """A sleeve would be labeled hand, or the left hand right."""
    parts = face_parts(BODY)
    joint = BODY.vertex_joint[BODY.faces[:, 0]]
    for side, other in (("left", "right"), ("right", "left")):
        mine = parts == PART[f"{side}_hand"]
        assert mine[joint == JOINT[f"{side}_wrist"]].all()
        assert mine[joint == JOINT[f"{side}_pinky3"]].all()
        assert not mine[joint == JOINT[f"{side}_elbow"]].any()
        assert not mine[joint == JOINT[f"{other}_wrist"]].any()


def test_a_support_hides_and_is_labeled() -> None:
    """Legs behind the table would be drawn in front of it."""
    scene = EmptyScene.of(SPEC)
    skin = TriangleMesh(STORED.motion.vertices(BODY)[0], BODY.faces)
    far = TriangleMesh(skin.vertices + 1000.0, skin.faces)
    view = part_view(scene, far, face_parts(BODY), THING.transformed(np.eye(4)))
    table = SPEC.camera.camera().project(
        np.array([[*SPEC.supports[0].pos[:2], SPEC.supports[0].top]])
    )[0]
    column, row = table.astype(int)
    assert view.labels[row, column] == PART["support"]
    distance = SPEC.camera.camera().to_cam(
        np.array([[*SPEC.supports[0].pos[:2], SPEC.supports[0].top]])
    )[0, 2]
    assert view.depth[row, column] == pytest.approx(distance, abs=0.02)


def test_written_views_come_back(tmp_path: Path) -> None:
    """Labels would be smeared by a codec, or depth cut to eight bits."""
    labels, depth = tmp_path / "labels.mkv", tmp_path / "depth.mkv"
    write_views(STORED, ACTORS, labels, depth)
    read = list(read_views(labels, depth))
    assert len(read) == len(STORED)
    for view, made in zip(read, part_views(STORED, ACTORS), strict=True):
        np.testing.assert_array_equal(view.labels, made.labels)
        np.testing.assert_allclose(view.depth, made.depth, atol=0.000501, equal_nan=True)
    pictures = labels_and_depth(labels, depth, (1, 3))
    assert [picture.shape for picture in pictures] == [(*read[0].labels.shape, 3)] * 4
    again = tmp_path / "again.mkv"
    write_views(STORED, ACTORS, again, tmp_path / "again_depth.mkv")
    assert again.read_bytes() == labels.read_bytes()
    assert (tmp_path / "again_depth.mkv").read_bytes() == depth.read_bytes()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_lossless_file_keeps_every_bit(tmp_path: Path, kind: type) -> None:
    """Depth would lose its lower eight bits."""
    highest = np.iinfo(kind).max
    frames = np.random.default_rng(0).integers(0, highest, (3, 37, 53), kind, endpoint=True)
    path = tmp_path / "gray.mkv"
    with LosslessWriter(path, 24) as writer:
        for frame in frames:
            writer.write(frame)
    np.testing.assert_array_equal(np.stack(list(read_lossless(path))), frames)


def test_what_is_no_lossless_file_is_refused(tmp_path: Path) -> None:
    """A cut file would read as a shorter clip without a word."""
    path = tmp_path / "gray.mkv"
    path.write_bytes(b"no video")
    with pytest.raises(BadInputError, match="not readable"):
        list(read_lossless(path))


def test_a_performance_that_is_stored_again_is_the_same_file(tmp_path: Path) -> None:
    """Its video would be rendered again because the clock went on."""
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    STORED.save(first)
    time.sleep(2.1)  # an archive's dates go by two seconds
    STORED.save(second)
    assert first.read_bytes() == second.read_bytes()
