"""The stored track: exact, checked, and refused where it is not one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.foreign_pickle import load_foreign_pickle
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.tracking.track import ObjectPoseTrack
from hoi_platform_tests.core.tracking.planted import table_camera


def _track(frames: int = 5) -> ObjectPoseTrack:
    t = np.arange(frames)[:, None]
    Ts = rigid(matrix_from_axis_angle(t * [0.1, 0.2, 0.0]), t * [0.0, 0.03, 0.04])
    lost = np.arange(frames) == 2
    return ObjectPoseTrack(Ts, np.where(lost, 0.0, 0.2 * np.arange(frames)), lost)


def test_a_track_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Later stages would see other poses than were found; GRAIL's tools none at all."""
    track, camera = _track(), table_camera()
    track.save(tmp_path / "poses", camera)
    again = ObjectPoseTrack.load(tmp_path / "poses" / "track.npz")
    assert np.array_equal(again.Ts_world_object, track.Ts_world_object)
    assert np.array_equal(again.confidence, track.confidence)
    assert np.array_equal(again.lost, track.lost)
    assert again.lost.dtype == bool
    poses = load_foreign_pickle(tmp_path / "poses" / "poses_in_cam.pkl")
    assert len(poses) == len(track) == 5
    assert camera.T_world_cam @ np.array(poses) == pytest.approx(track.Ts_world_object)


def test_the_facts_of_a_track() -> None:
    """The stage would report another path, or hide what was lost."""
    assert _track().facts() == {
        "frames": 5,
        "lost_frames": 1,
        "median_confidence": 0.2,
        "least_confidence": 0.0,
        "path_length_m": 0.2,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"confidence": np.zeros(4)}, "shapes"),
        ({"lost": np.zeros((5, 1), bool)}, "shapes"),
        ({"confidence": np.full(5, 1.1)}, r"outside of \[0, 1\]"),
        ({"confidence": np.full(5, np.nan)}, r"outside of \[0, 1\]"),
        ({"Ts_world_object": np.tile(2 * np.eye(4), (5, 1, 1))}, "not a rigid"),
        ({"Ts_world_object": np.tile(np.diag([1.0, 1, -1, 1]), (5, 1, 1))}, "not a rigid"),
        ({"Ts_world_object": np.full((5, 4, 4), np.nan)}, "not a rigid"),
    ],
)
def test_what_is_no_track_is_refused(change: dict, message: str) -> None:
    """A mirrored or scaled object would go on into the optimizer."""
    with pytest.raises(ValueError, match=message):
        replace(_track(), **change)


def _without_lost(data: dict) -> dict:
    return {key: value for key, value in data.items() if key != "lost"}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without_lost, "lost is absent"),
        (lambda data: data | {"schema_version": 9}, "schema version 9; this release reads 1"),
        (lambda data: data | {"confidence": np.full(5, 7.0)}, r"outside of \[0, 1\]"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, spoil: object, message: str) -> None:
    """The error would be a KeyError of a later stage."""
    path = tmp_path / "track.npz"
    track = _track()
    data = {"schema_version": 1, **vars(track)}
    np.savez(path, **spoil(data))
    with pytest.raises(BadInputError, match=message):
        ObjectPoseTrack.load(path)
    path.write_bytes(b"not an archive")
    with pytest.raises(BadInputError, match="is no object pose track"):
        ObjectPoseTrack.load(path)
