"""The embedded backend on a clip whose truth is planted."""

from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.arrays import Progress
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.tracks import HUMAN, OBJECT, SceneTracks
from hoi_platform.services.vision.progress import silent
from hoi_platform.services.vision.scene_tracks import (
    PlateDepthEstimator,
    PlateMaskTracker,
    SceneTracksRequest,
    track_scene,
)
from hoi_platform_tests.services.scene_tracks.planted import (
    FRAMES,
    LIFT,
    mean_iou,
    planted_clip,
    with_frames,
)


def _track(request: SceneTracksRequest, progress: Progress = silent) -> SceneTracks:
    return track_scene(request, PlateMaskTracker(), PlateDepthEstimator(), progress)


@pytest.fixture(scope="module")
def tracked() -> SceneTracks:
    """The tracks of the clip in which nothing goes wrong."""
    return _track(planted_clip().request)


def _vanishes(frame, hand):
    return hand if frame < 8 else None


def _jumps(frame, hand):
    return hand if frame < 8 else hand + np.array([1.1, 0.3, 0.1])


def _reasons(tracks: SceneTracks, frame: int) -> str:
    return "; ".join(flag.reason for flag in tracks.flags if flag.frame == frame)


def test_masks_match_the_truth(tracked):
    """Object or person would be lost in shadow, noise and H.264, or mistaken for each other."""
    clip = planted_clip()
    assert mean_iou(tracked.object_masks, clip.object_masks) > 0.85
    assert mean_iou(tracked.human_masks, clip.human_masks) > 0.9
    assert not (tracked.object_masks & tracked.human_masks).any()


def test_a_good_clip_is_trusted_and_not_flagged(tracked):
    """Gates that fire on good masks would be ignored by everybody."""
    assert tracked.flags == ()
    assert tracked.confidence.min() > 0.7


def test_first_frame_is_the_given_one(tracked):
    """The exact masks of the render would be replaced by estimates."""
    request = planted_clip().request
    np.testing.assert_array_equal(tracked.object_masks[0], request.first_object_mask)
    np.testing.assert_array_equal(tracked.human_masks[0], request.first_human_mask)


def test_a_resting_object_keeps_its_exact_outline(tracked):
    """The outline would wear away before anybody touches the object."""
    truth = planted_clip().object_masks[LIFT]
    found = tracked.object_masks[LIFT]
    assert (found & truth).sum() / (found | truth).sum() > 0.93


def test_depth_is_known_where_it_can_be(tracked):
    """Depth would be invented on the object, or missing or wrong elsewhere."""
    clip = planted_clip()
    assert np.isnan(tracked.depth[tracked.object_masks]).all()
    background = ~(tracked.object_masks | tracked.human_masks)
    error = np.abs(tracked.depth - clip.depth)
    assert np.nanmedian(error[background]) < 1e-4
    assert np.isfinite(tracked.depth[background]).mean() > 0.99
    human = tracked.human_masks & clip.human_masks
    assert np.isfinite(tracked.depth[human]).mean() > 0.6
    assert np.nanmedian(error[human]) < 0.02
    assert np.nanpercentile(error[human], 95) < 0.15


def test_a_vanished_object_is_reported():
    """A mask would be made up where there is nothing, with no word of doubt."""
    clip = planted_clip(_vanishes)
    found = _track(clip.request)
    assert found.confidence[8:, OBJECT].max() < 0.1
    assert found.object_masks[9:].sum(axis=(1, 2)).max() < 0.25 * clip.object_masks[0].sum()
    assert "object: has vanished" in _reasons(found, 8)
    assert all(_reasons(found, frame) for frame in range(8, FRAMES))
    assert found.confidence[:8, OBJECT].min() > 0.7


def test_an_object_that_jumps_is_found_again_with_doubt():
    """An object that a cut or a video model moves would be lost, or trusted as if it were same."""
    clip = planted_clip(_jumps)
    found = _track(clip.request)
    assert mean_iou(found.object_masks[8:], clip.object_masks[8:]) > 0.7
    assert "object: jumped: it was found" in _reasons(found, 8)
    assert found.confidence[8:, OBJECT].max() < 0.7
    assert found.confidence[8, OBJECT] <= 0.3


def test_something_unknown_is_flagged_and_has_no_depth():
    """A stranger in the scene would get the depth of the wall behind."""
    request = planted_clip().request
    frames = request.video.frames.copy()
    frames[6:, 20:70, 20:60] = [200, 30, 160]
    found = _track(with_frames(request, frames))
    assert "show something unknown" in _reasons(found, 6)
    assert np.isnan(found.depth[6:, 25:65, 25:55]).all()
    assert np.isfinite(found.depth[:6, 25:65, 25:55]).all()


def test_a_wrong_body_lowers_the_confidence_in_the_person():
    """Masks that contradict the fitted body would look as good as those that agree."""
    request = planted_clip().request
    motion = request.human_motion
    shifted = motion.translation + np.array([0.5, 0.0, 0.0])
    wrong = replace(request, human_motion=replace(motion, translation=shifted))
    found = _track(wrong)
    assert found.confidence[1:, HUMAN].max() < 0.5
    assert "the fitted body's silhouette" in _reasons(found, 5)


def test_exposure_may_drift():
    """A video model that dims the picture would turn the wall into foreground."""
    clip = planted_clip()
    frames = clip.request.video.frames.astype(float)
    dim = np.linspace(1, 0.85, len(frames))[:, None, None, None]
    found = _track(with_frames(clip.request, (frames * dim).astype(np.uint8)))
    assert mean_iou(found.human_masks, clip.human_masks) > 0.85


def test_large_videos_give_full_size_masks():
    """Masks would come back at the working size, or with stair-stepped outlines."""
    clip = planted_clip(width=1280, frames=3)
    found = _track(clip.request)
    assert found.depth.shape == (3, 720, 1280)
    assert mean_iou(found.object_masks, clip.object_masks) > 0.93
    assert mean_iou(found.human_masks, clip.human_masks) > 0.95


def test_the_same_clip_gives_the_same_tracks(tracked):
    """Two runs would differ, and everything downstream with them."""
    again = _track(planted_clip().request)
    np.testing.assert_array_equal(again.object_masks, tracked.object_masks)
    np.testing.assert_array_equal(again.depth, tracked.depth)


def test_progress_rises_to_one():
    """The progress bar would jump back or stop short."""
    seen: list[float] = []
    request = planted_clip(width=320, frames=3).request
    _track(request, progress=lambda done, text: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_requests_that_do_not_fit_together_are_refused():
    """Sizes of different clips would fail deep inside OpenCV, or not at all."""
    request = planted_clip().request
    with pytest.raises(BadInputError, match=r"but \{'plate': \(180, 300\)\}"):
        replace(request, plate_rgb=request.plate_rgb[:, :300])
    with pytest.raises(BadInputError, match="human motion has 5 frames, the video 14"):
        replace(request, human_motion=request.human_motion[:5])
    with pytest.raises(BadInputError, match="object mask is empty: nothing to follow"):
        replace(request, first_object_mask=np.zeros((180, 320), bool))
