"""HoiData and its two files: what goes in comes out, and what is wrong is reported."""

import io
import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.contact_record import contact_points, hand_vertices
from hoi_platform.core.formats.hoi_data import HoiData
from hoi_platform.core.formats.hoi_npz import read_hoi_npz, write_hoi_npz
from hoi_platform.core.formats.hoi_pickle import (
    from_reference,
    read_hoi_pickle,
    to_reference,
    write_hoi_pickle,
)
from hoi_platform_tests.hoi_samples import object_path, sample_hoi, standing, stick_body


def _assert_same(a: HoiData, b: HoiData) -> None:
    np.testing.assert_allclose(b.motion.rotations, a.motion.rotations, atol=1e-12)
    np.testing.assert_allclose(b.motion.translation, a.motion.translation, atol=1e-12)
    for name in ("joints", "rest_joints", "Ts_world_object", "obj_scale", "betas"):
        np.testing.assert_allclose(getattr(b, name), getattr(a, name), atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(b.contact.hands, a.contact.hands)
    np.testing.assert_array_equal(b.contact.confidence, a.contact.confidence)
    np.testing.assert_array_equal(b.joint_confidence, a.joint_confidence)
    for hand in ("left_hand", "right_hand"):
        mine, theirs = (getattr(d.contact_points, hand) for d in (a, b))
        np.testing.assert_array_equal(mine.points, theirs.points)
        np.testing.assert_array_equal(mine.frames, theirs.frames)
    assert b.contact.labels == a.contact.labels
    assert (b.motion.fps, b.scale, b.supports) == (a.motion.fps, a.scale, a.supports)
    assert (b.meta, b.eval_data) == (a.meta, a.eval_data)


def test_npz_round_trip(tmp_path: Path) -> None:
    """A field would be lost or changed between writing and reading hoi_data.npz."""
    data = sample_hoi()
    write_hoi_npz(data, tmp_path / "hoi_data.npz")
    _assert_same(data, read_hoi_npz(tmp_path / "hoi_data.npz"))


def test_pickle_round_trip(tmp_path: Path) -> None:
    """A field would be lost or changed between writing and reading hoi_data.pkl."""
    data = sample_hoi()
    write_hoi_pickle(data, tmp_path / "hoi_data.pkl")
    _assert_same(data, read_hoi_pickle(tmp_path / "hoi_data.pkl"))


def test_files_without_confidence_are_read(tmp_path: Path) -> None:
    """Results of foreign tools and of earlier versions could not be opened."""
    known = sample_hoi()
    data = replace(known, joint_confidence=None, contact=replace(known.contact, confidence=None))
    write_hoi_npz(data, tmp_path / "hoi_data.npz")
    write_hoi_pickle(data, tmp_path / "hoi_data.pkl")
    for read in (
        read_hoi_npz(tmp_path / "hoi_data.npz"),
        read_hoi_pickle(tmp_path / "hoi_data.pkl"),
    ):
        assert read.joint_confidence is None
        assert read.contact.confidence is None


def test_kinematics_of_the_file_give_its_joints(tmp_path: Path) -> None:
    """FK of what is stored equals the stored joints to 0.1 mm: else nobody can replay a clip."""
    write_hoi_npz(sample_hoi(), tmp_path / "hoi_data.npz")
    assert read_hoi_npz(tmp_path / "hoi_data.npz").fk_error_m < 1e-9


def test_wrong_joints_are_not_written(tmp_path: Path) -> None:
    """Joints that disagree with the pose would reach retargeting unnoticed."""
    data = sample_hoi()
    bad = replace(data, joints=data.joints + np.array([0.001, 0, 0]))
    with pytest.raises(BadInputError, match=r"joints lie 1 mm from forward kinematics"):
        write_hoi_npz(bad, tmp_path / "hoi_data.npz")
    with pytest.raises(BadInputError, match=r"allowed are 0\.1 mm"):
        to_reference(bad)


def test_pickle_has_the_reference_layout(tmp_path: Path) -> None:
    """The seeds' reading script and the reference's downstream tools would not find their keys."""
    write_hoi_pickle(sample_hoi(frames=10), tmp_path / "hoi_data.pkl")
    hoi = pickle.loads((tmp_path / "hoi_data.pkl").read_bytes())
    human, objects = hoi["human_data"], hoi["obj_data"]
    assert human["poses"].shape == (10, 66)
    assert human["left_hand_pose"].shape == human["right_hand_pose"].shape == (10, 45)
    assert human["trans"].shape == (10, 3)
    assert human["joints"].shape == (10, 55, 3)
    assert objects["obj_R"].shape == (10, 3, 3)
    assert objects["obj_t"].shape == (10, 3)
    assert hoi["object_data"]["object_poses"].shape == (10, 4, 4)
    assert sorted(objects["obj_contact_points"]["right_hand"]) == [3, 5]
    assert set(hoi) >= {"meta", "eval_data", "scene_data", "contact"}
    start, end = hoi["meta"]["inter_start_idx"], hoi["meta"]["inter_end_idx"]
    touching = sample_hoi(frames=10).contact.hands.any(axis=1)
    assert touching[[start, end - 1]].all()
    assert not touching[:start].any()
    assert not touching[end:].any()
    assert hoi["scene_data"]["table"]["size"].shape == (3,)
    assert hoi["contact"]["contact_labels"][0] == ["right_wrist"]


def test_results_of_the_first_version_are_read(tmp_path: Path) -> None:
    """Every clip that was reconstructed before would have to be optimized again."""
    data, path = sample_hoi(), tmp_path / "hoi_data.npz"
    write_hoi_npz(data, path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    record = json.loads(str(arrays["record"]))
    (table,) = data.supports
    for first, supports in (({"pos": table.pos, "size": table.size}, data.supports), (None, ())):
        old = {key: value for key, value in record.items() if key != "supports"}
        old["table"] = first
        np.savez(path, **arrays | {"record": json.dumps(old), "schema_version": 1})
        assert read_hoi_npz(path).supports == supports
    np.savez(path, **arrays | {"schema_version": 3})
    with pytest.raises(BadInputError, match=r"version 3; this release reads 1 and 2\. Upgrade it"):
        read_hoi_npz(path)


def test_pickle_holds_plain_values_only() -> None:
    """A class of ours in the pickle would force downstream tools to install this package."""
    allowed = (dict, list, str, int, float, bool, np.ndarray)

    def walk(value: object) -> None:
        assert type(value) in allowed, type(value)
        for child in value.values() if isinstance(value, dict) else ():
            walk(child)
        for child in value if isinstance(value, list) else ():
            walk(child)

    walk(to_reference(sample_hoi()))


def test_packaged_frame_is_on_the_ground_below_the_table() -> None:
    """The packaged origin would not be where the format says, or the ground would leave z = 0."""
    data = sample_hoi()
    packaged = data.packaged()
    (table,) = packaged.supports
    assert table.pos == (0.0, 0.0, data.supports[0].pos[2])
    np.testing.assert_allclose(packaged.joints[..., 2], data.joints[..., 2])
    assert packaged.fk_error_m < 1e-9
    shift = packaged.joints - data.joints
    np.testing.assert_allclose(shift, np.broadcast_to([-0.5, -1.2, 0], shift.shape), atol=1e-12)
    _assert_same(data, packaged.unpackaged())


def test_packaged_origin_without_a_table_is_below_the_object() -> None:
    """Clips on the ground would have an arbitrary origin."""
    packaged = replace(sample_hoi(), supports=()).packaged()
    np.testing.assert_allclose(packaged.Ts_world_object[0, :3, 3], [0, 0, 0.8])


def test_first_frames_keep_their_contacts() -> None:
    """Truncation would leave contact points or labels of frames that are gone."""
    cut = sample_hoi().first(4)
    assert len(cut) == len(cut.contact.hands) == 4
    assert sorted(cut.contact_points.right_hand.by_frame()) == [3]
    assert len(cut.contact.labels) == 1


def test_every_mistake_of_an_npz_is_told(tmp_path: Path) -> None:
    """A user would fix a file one error at a time, or read a damaged one as if it were good."""
    write_hoi_npz(sample_hoi(), tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as file:
        arrays = dict(file)
    del arrays["betas"]
    arrays["Ts_world_object"] = arrays["Ts_world_object"][:-1]
    arrays["obj_scale"] = np.full(3, np.nan)
    arrays["hands"] = arrays["hands"].astype(float)
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(BadInputError) as error:
        read_hoi_npz(tmp_path / "bad.npz")
    text = str(error.value)
    assert "betas is absent" in text
    assert "Ts_world_object has T = 11 where poses has T = 12" in text
    assert "obj_scale has 3 values that are not finite" in text
    assert "hands has type float64, not bool" in text


def test_unreadable_npz_is_told(tmp_path: Path) -> None:
    """A truncated, foreign-versioned or pickled npz would end in a stack trace of numpy."""
    path = tmp_path / "hoi_data.npz"
    write_hoi_npz(sample_hoi(), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(BadInputError, match=r"is no readable hoi_data\.npz"):
        read_hoi_npz(path)
    np.savez(path, schema_version=99)
    with pytest.raises(BadInputError, match="schema version 99; this release reads 1"):
        read_hoi_npz(path)
    np.savez(path, schema_version=1, poses=np.array([{}], dtype=object))
    with pytest.raises(BadInputError, match="is no readable"):
        read_hoi_npz(path)


def test_missing_parts_of_a_pickle_are_told() -> None:
    """A pickle of another version would end in a KeyError that names no file."""
    content = to_reference(sample_hoi())
    with pytest.raises(BadInputError, match="no dictionary 'human_data'; found list"):
        from_reference([])
    human = {k: v for k, v in content["human_data"].items() if k != "rest_joints"}
    with pytest.raises(BadInputError, match=r"rest_joints is absent"):
        from_reference(content | {"human_data": human})
    human = content["human_data"] | {"poses": np.zeros((12, 63))}
    with pytest.raises(BadInputError, match=r"poses has shape \(12, 63\), not \(T, 66\)"):
        from_reference(content | {"human_data": human})


def test_contact_points_follow_the_object() -> None:
    """Contact points would not be in object coordinates, or not obey the 5 cm threshold."""
    surface = np.array([[0.0, 0, 0], [0.04, 0, 0], [0.2, 0, 0]])
    Ts = object_path(5, (0.0, 0.0, 1.0))
    hand = Ts[:, None, :3, 3] + np.array(
        [0.0, 0.0, 0.01]
    )  # one vertex that stays 1 cm above the origin
    away = hand + np.array([0.0, 0.0, 1.0])
    found = contact_points((away, hand), surface, Ts)
    assert found.left_hand.by_frame() == {}
    assert sorted(found.right_hand.by_frame()) == list(range(5))
    np.testing.assert_array_equal(found.right_hand.at(4), surface[:2])


def test_hand_vertices_are_at_the_wrists() -> None:
    """The wrong vertices would be measured against the object."""
    body = stick_body()
    left, right = hand_vertices(body)
    vertices = standing(1).vertices(body)[0]
    assert len(left) == len(right) == 6 * 16
    assert vertices[left, 0].max() < -0.6  # facing +y, the left hand is at -x
    assert vertices[right, 0].min() > 0.6


def test_pickle_bytes_need_no_buffers() -> None:
    """Out-of-band buffers or protocol 5 would lock out older Python versions."""
    stream = io.BytesIO(pickle.dumps(to_reference(sample_hoi()), protocol=4))
    assert stream.read(2) == b"\x80\x04"
