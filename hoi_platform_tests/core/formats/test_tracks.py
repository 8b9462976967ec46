"""The files of ``core.formats.tracks``: round trip, what the reference reads, refusals."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.tracks import SceneTracks, TrackFlag, read_depth


def _tracks() -> SceneTracks:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (5, 9, 7))
    depth = rng.uniform(0.5, 4.0, labels.shape).astype(np.float32)
    depth[labels == 1] = np.nan
    flags = (TrackFlag(2, "object: area fell to 10 % of the frame before"), TrackFlag(2, "ä"))
    return SceneTracks(labels == 1, labels == 2, depth, rng.uniform(size=(5, 2)), flags)


@pytest.fixture
def paths(tmp_path):
    return tmp_path / "masks.npz", tmp_path / "depth.pt"


def test_round_trip(paths):
    """Masks, confidence or flags would change on disk, or depth by more than 1 mm."""
    tracks = _tracks()
    tracks.save(*paths)
    found = SceneTracks.load(*paths)
    np.testing.assert_array_equal(found.object_masks, tracks.object_masks)
    np.testing.assert_array_equal(found.human_masks, tracks.human_masks)
    np.testing.assert_array_equal(found.confidence, tracks.confidence)
    assert found.flags == tracks.flags
    assert found.depth.dtype == np.float32
    np.testing.assert_allclose(found.depth, tracks.depth, atol=1e-3)


def test_a_clip_without_flags_round_trips(paths):
    """An empty list of flags would not read back."""
    tracks = replace(_tracks(), flags=())
    tracks.save(*paths)
    assert SceneTracks.load(*paths).flags == ()


def test_the_same_tracks_give_the_same_bytes(paths, tmp_path):
    """Artifacts would count as changed when nothing has."""
    _tracks().save(*paths)
    again = tmp_path / "a.npz", tmp_path / "b.pt"
    _tracks().save(*again)
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]


def test_the_reference_reads_both_files(paths):
    """GRAIL's own loaders (``np.load(...)["masks"].item()``, ``torch.load``) would fail."""
    tracks = _tracks()
    tracks.save(*paths)
    with np.load(paths[0], allow_pickle=True) as data:
        masks = data["masks"].item()
    assert list(masks) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(masks[3][0], tracks.object_masks[3])
    np.testing.assert_array_equal(masks[3][1], tracks.human_masks[3])
    depth = torch.load(paths[1], weights_only=True)
    assert [tuple(frame.shape) for frame in depth] == [(9, 7)] * 5


def test_one_tensor_of_depth_is_read_too(tmp_path):
    """Depth of other tools, one tensor instead of a list, would be refused."""
    torch.save(torch.ones(4, 2, 3), tmp_path / "depth.pt")
    assert read_depth(tmp_path / "depth.pt").shape == (4, 2, 3)


def test_a_real_size_clip_stays_small(paths):
    """Files would grow to hundreds of megabytes at 1280x720."""
    T, height, width = 8, 720, 1280
    v, u = np.mgrid[:height, :width]
    inside = np.stack([np.hypot(u - 400 - 9 * t, v - 300) < 90 for t in range(T)])
    depth = np.broadcast_to(np.float32(2 + v / 500), inside.shape).copy()
    depth[inside] = np.nan
    SceneTracks(inside, ~inside, depth, np.ones((T, 2))).save(*paths)
    assert paths[0].stat().st_size < 20e3 * T
    assert paths[1].stat().st_size < 300e3 * T


def test_foreign_files_are_refused(paths, tmp_path):
    """A file of another kind, or a pickle that runs code, would crash or be opened."""
    _tracks().save(*paths)
    other = tmp_path / "other.npz"
    np.savez(other, masks=np.array({0: 1}, dtype=object))
    with pytest.raises(BadInputError, match="is no masks file: it lacks schema_version, shape"):
        SceneTracks.load(other, paths[1])
    other.write_bytes(b"no archive")
    with pytest.raises(BadInputError, match="is no masks file"):
        SceneTracks.load(other, paths[1])
    with pytest.raises(BadInputError, match="is not a list of depth tensors"):
        SceneTracks.load(paths[0], other)


def test_files_of_different_clips_are_refused(paths):
    """Depth of another clip would be used with these masks."""
    _tracks().save(*paths)
    torch.save(torch.ones(4, 9, 7), paths[1])
    with pytest.raises(BadInputError, match=r"\(4, 9, 7\) where .* has \(5, 9, 7\)"):
        SceneTracks.load(*paths)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth": np.ones((5, 9, 8), np.float32)}, r"depth is \(5, 9, 8\) where object_masks"),
        ({"human_masks": np.ones((5, 9, 7))}, "bool and float64, not bool"),
        ({"confidence": np.ones((5, 3))}, r"confidence is \(5, 3\), not \(5, 2\)"),
        ({"confidence": np.full((5, 2), np.nan)}, "outside of 0 to 1"),
        ({"flags": (TrackFlag(5, "x"),)}, r"flags name frames \[5\]; the clip has 0 to 4"),
    ],
)
def test_inconsistent_tracks_cannot_be_built(change, message):
    """A tracker's mistake would surface in a later stage."""
    with pytest.raises(ValueError, match=message):
        replace(_tracks(), **change)
