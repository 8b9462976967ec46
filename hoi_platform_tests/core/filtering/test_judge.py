"""The filter as a whole: each defect trips its own check, and all checks are always there."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.filtering.inputs import FilterInput
from hoi_platform.core.filtering.judge import judge
from hoi_platform.core.filtering.registry import CHECKS
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform_tests.core.filtering.clips import FRAMES, good_clip

CONFIG = FilteringConfig()
NAMES = tuple(
    row.name for row in sorted(CHECKS.rows().values(), key=lambda row: (row.order, row.name))
)
"""In the verdict's order; a page lists them, and a test compares it with the registry."""


@pytest.fixture(scope="module")
def clip() -> FilterInput:
    return good_clip()


def _value(verdict: Verdict, name: str) -> float:
    return next(check.value for check in verdict.checks if check.name == name)


def _with_data(clip: FilterInput, **fields: object) -> FilterInput:
    return replace(clip, data=replace(clip.data, **fields))


def _moved_object(clip: FilterInput, offset: tuple[float, float, float]) -> FilterInput:
    Ts = clip.data.Ts_world_object.copy()
    Ts[:, :3, 3] += offset
    return _with_data(clip, Ts_world_object=Ts)


def test_a_good_clip_is_valid(clip: FilterInput) -> None:
    """A perfect reconstruction would be thrown away, or a check would be missing."""
    verdict = judge(clip, CONFIG)
    assert verdict.reasons == ()
    assert verdict.valid
    assert tuple(check.name for check in verdict.checks) == NAMES
    assert _value(verdict, "object_mask_misalignment") < 0.01
    assert _value(verdict, "camera_translation") < 1e-6


def test_every_check_runs_after_failures(clip: FilterInput) -> None:
    """A rejected clip would show its first defect only, so that no histogram can be drawn."""
    bad = replace(
        _moved_object(clip, (0.0, 0.0, 0.6)),
        p_world_rendered_pelvis=clip.p_world_rendered_pelvis + 1.0,
    )
    verdict = judge(bad, CONFIG)
    assert tuple(check.name for check in verdict.checks) == NAMES
    assert set(verdict.failed) >= {"first_frame_human", "object_mask_misalignment", "support_gap"}
    assert len(verdict.reasons) == len(verdict.failed)


def test_what_the_scene_hides_is_not_missed(clip: FilterInput) -> None:
    """Legs behind the table would count as misaligned, although nobody could see them."""
    depth = clip.plate_depth.copy()
    depth[90:] = 1.0  # something low stands before everything
    hidden = {"object_masks": clip.object_masks.copy(), "human_masks": clip.human_masks.copy()}
    for masks in hidden.values():
        masks[:, 90:] = False
    verdict = judge(replace(clip, plate_depth=depth, **hidden), CONFIG)
    assert _value(verdict, "total_mask_misalignment") < 0.05
    assert _value(verdict, "object_mask_misalignment") < 0.05
    blind = judge(replace(clip, **hidden), CONFIG)
    assert _value(blind, "total_mask_misalignment") > 0.2


def test_a_shifted_person_is_found(clip: FilterInput) -> None:
    """Somebody else at the edge of the picture would be taken for the person."""
    moved = replace(
        clip, p_world_rendered_pelvis=clip.p_world_rendered_pelvis + np.array([0.6, 0, 0])
    )
    verdict = judge(moved, CONFIG)
    assert verdict.failed == ("first_frame_human",)
    assert _value(verdict, "first_frame_human") == pytest.approx(0.6)
    assert verdict.reasons == ("first_frame_human is 0.6 m, allowed is at most 0.5 m",)


def test_a_moving_camera_is_found(clip: FilterInput) -> None:
    """A panning video, on which all metric reasoning fails, would pass."""
    frames = np.stack([np.roll(frame, t, axis=1) for t, frame in enumerate(clip.frames)])
    verdict = judge(replace(clip, frames=frames), CONFIG)
    assert verdict.failed == ("camera_translation",)
    assert _value(verdict, "camera_translation") == pytest.approx(11 * 5.0 / 367, rel=0.05)


def test_a_background_that_shows_nothing_does_not_pass(clip: FilterInput) -> None:
    """A camera whose motion cannot be seen would be called still."""
    verdict = judge(replace(clip, frames=np.full_like(clip.frames, 128)), CONFIG)
    assert np.isnan(_value(verdict, "camera_translation"))


def test_terms_are_held_against_their_limits(clip: FilterInput) -> None:
    """A result that the optimizer could not fit would pass, or a missing term would."""
    bad = _with_data(clip, eval_data={"keypoint_tracking": 2.5})
    verdict = judge(bad, CONFIG)
    assert verdict.failed == ("keypoint_tracking", "contact")
    assert np.isnan(_value(verdict, "contact"))


def test_a_static_object_is_not_asked_for_contact(clip: FilterInput) -> None:
    """Terrain and chairs would all be rejected for a term that their stages do not have."""
    still = np.repeat(clip.data.Ts_world_object[:1], FRAMES, axis=0)
    bad = _with_data(clip, eval_data={"keypoint_tracking": 0.5}, Ts_world_object=still)
    verdict = judge(bad, FilteringConfig(filter_object_motion="static_only", object_mask_tol=1))
    assert verdict.valid


def test_object_motion_is_judged_by_the_mode(clip: FilterInput) -> None:
    """dynamic_only, static_only and all would not mean what they say."""
    still = _with_data(
        clip, Ts_world_object=np.repeat(clip.data.Ts_world_object[:1], FRAMES, axis=0)
    )
    tolerant = {"object_mask_tol": 1, "total_mask_tol": 1}
    for mode, moving_passes, still_passes in (
        ("dynamic_only", True, False),
        ("static_only", False, True),
        ("all", True, True),
    ):
        config = FilteringConfig(filter_object_motion=mode, **tolerant)
        assert ("object_motion" not in judge(clip, config).failed) == moving_passes
        assert ("object_motion" not in judge(still, config).failed) == still_passes


def test_a_turning_object_is_dynamic(clip: FilterInput) -> None:
    """A tracker that only turns the object in place would count as static."""
    Ts = clip.data.Ts_world_object.copy()
    Ts[:, :3, 3] = Ts[0, :3, 3]
    assert "object_motion" not in judge(_with_data(clip, Ts_world_object=Ts), CONFIG).failed


def test_a_statue_is_rejected(clip: FilterInput) -> None:
    """A person who does not move would enter the dataset."""
    data = clip.data
    still = replace(
        data.motion,
        rotations=np.repeat(data.motion.rotations[:1], FRAMES, axis=0),
        translation=np.repeat(data.motion.translation[:1], FRAMES, axis=0),
    )
    frozen = _with_data(clip, motion=still, joints=still.joints(clip.body))
    assert "human_motion" in judge(frozen, CONFIG).failed


def test_initial_overlap_is_negative(clip: FilterInput) -> None:
    """A hand that starts inside the object could not be distinguished from one that is near."""
    wrist = clip.data.joints[0, 21]
    inside = _moved_object(clip, tuple(wrist - clip.data.Ts_world_object[0, :3, 3]))
    verdict = judge(inside, CONFIG)
    assert "initial_separation" in verdict.failed
    assert _value(verdict, "initial_separation") < 0


def test_support_gap_is_measured(clip: FilterInput) -> None:
    """An object that floats, or lies beside the table, would pass."""
    floating = judge(_moved_object(clip, (0.0, 0.0, 0.08)), CONFIG)
    assert _value(floating, "support_gap") == pytest.approx(0.08)
    beside = judge(_moved_object(clip, (1.0, 0.0, 0.0)), CONFIG)
    assert _value(beside, "support_gap") == pytest.approx(0.4)
    ground = _with_data(_moved_object(clip, (0.0, 0.0, -0.75)), supports=())
    assert _value(judge(ground, CONFIG), "support_gap") == pytest.approx(0, abs=1e-9)


def test_what_moves_by_itself_is_rejected(clip: FilterInput) -> None:
    """A track that slid off the object, or labels that missed the hand, would pass as a lift."""
    most = np.zeros((FRAMES, 2), bool)
    most[: FRAMES // 2, 1] = True
    for hands, share in ((np.zeros((FRAMES, 2), bool), 1.0), (most, 0.3)):
        verdict = judge(_with_data(clip, contact=replace(clip.data.contact, hands=hands)), CONFIG)
        assert _value(verdict, "unheld_motion") == pytest.approx(share, abs=0.2)
        assert ("unheld_motion" in verdict.failed) == (share == 1.0)
    still = np.repeat(clip.data.Ts_world_object[:1], FRAMES, axis=0)
    untouched = replace(clip.data.contact, hands=np.zeros((FRAMES, 2), bool))
    resting = judge(_with_data(clip, Ts_world_object=still, contact=untouched), CONFIG)
    assert _value(resting, "unheld_motion") == 0


def test_nan_never_passes(clip: FilterInput) -> None:
    """A diverged optimizer's numbers would slip through comparisons, or crash the filter."""
    Ts = clip.data.Ts_world_object.copy()
    Ts[5, 0, 3] = np.nan
    verdict = judge(_with_data(clip, Ts_world_object=Ts), CONFIG)
    assert not verdict.valid
    assert _value(verdict, "finite_values") == 1
    assert {"object_mask_misalignment", "object_motion", "support_gap"} <= set(verdict.failed)


def test_a_clip_is_cut_to_its_good_beginning(clip: FilterInput) -> None:
    """min_frames would not save the good part, or would keep a part that is too short."""
    masks = clip.object_masks.copy()
    masks[9:] = np.roll(masks[9:], 90, axis=2)
    lost = replace(clip, object_masks=masks)
    kept = judge(lost, FilteringConfig(min_frames=6))
    assert kept.kept_frames == 9
    assert kept.valid
    whole = judge(lost, FilteringConfig(min_frames=10))
    assert whole.kept_frames == FRAMES
    assert judge(lost, FilteringConfig(object_mask_tol=0.2)).failed == ("object_mask_misalignment",)
    assert "frames" in judge(clip, FilteringConfig(min_frames=FRAMES + 1)).failed


def test_verdict_survives_json(clip: FilterInput) -> None:
    """verdict.json could not be read back, or could lie about its own checks."""
    verdict = judge(_with_data(clip, eval_data={}), CONFIG)
    data = json.loads(json.dumps(verdict.to_json(), allow_nan=False))
    again = Verdict.from_json(data)
    assert again.to_json() == verdict.to_json()
    assert data["reasons"][0].startswith("keypoint_tracking is nan")
    with pytest.raises(BadInputError, match="against its own checks"):
        Verdict.from_json(data | {"valid": True})
    with pytest.raises(BadInputError, match="schema version 7; this release reads 1"):
        Verdict.from_json(data | {"schema_version": 7})
    with pytest.raises(BadInputError, match="verdict is damaged"):
        Verdict.from_json({k: v for k, v in data.items() if k != "checks"})


def test_wrong_shapes_are_reported(clip: FilterInput) -> None:
    """Masks of another resolution would be compared with the wrong pixels."""
    with pytest.raises(ValueError, match=r"object_masks is \(12, 90, 160\), not \(12, 180, 320\)"):
        replace(clip, object_masks=clip.object_masks[:, ::2, ::2])
