"""The whole optimizer on planted clips: recovery, confidence, failure texts, static objects."""

from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.recon_4dhoi import OptimizationConfig
from hoi_platform.core.errors import StageError
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.optimizer.first_guess import first_guess
from hoi_platform.core.optimizer.holding import holding
from hoi_platform.core.optimizer.optimize import optimize
from hoi_platform_tests.core.optimizer.configs import recon_config
from hoi_platform_tests.core.optimizer.planted import Planted, planted, spoiled
from hoi_platform_tests.platform.added import adder


def _shortened(config: OptimizationConfig, niter: int = 100) -> OptimizationConfig:
    specs = {
        name: spec.model_copy(update={"niter": niter})
        for name, spec in config.opt_stage_specs.items()
    }
    return config.model_copy(update={"opt_stage_specs": specs})


def _one_phase(loss_cfg: dict, opt_vars: dict, niter: int = 20, **extra) -> OptimizationConfig:
    phase = {"opt_vars": opt_vars, "niter": niter, "loss_cfg": loss_cfg}
    return parse_config(OptimizationConfig, {"opt_stage_specs": {"only": phase}, **extra}, "test")


@pytest.fixture(scope="module")
def clip() -> Planted:
    return planted()


@pytest.fixture(scope="module")
def spoiled_clip(clip: Planted) -> Planted:
    return spoiled(clip, np.random.default_rng(0))


@pytest.mark.parametrize("body_model", ["anny", pytest.param("smplx", marks=pytest.mark.long)])
def test_planted_truth_is_recovered(spoiled_clip, body_model):
    """The objective has its minimum elsewhere than at the truth, or is not descended."""
    before = spoiled_clip.inputs
    result = optimize(before, _shortened(recon_config(f"manip_{body_model}").optimization))
    track, motion = before.track.Ts_world_object, before.human.motion
    joint_mm = spoiled_clip.joint_error_mm(result.motion)
    object_mm = spoiled_clip.object_error_mm(result.Ts_world_object)
    turn_deg = spoiled_clip.rotation_error_deg(result.Ts_world_object)
    assert joint_mm < 0.5 * spoiled_clip.joint_error_mm(motion)
    assert object_mm < 0.4 * spoiled_clip.object_error_mm(track)
    assert turn_deg < 0.7 * spoiled_clip.rotation_error_deg(track)


@pytest.mark.long
def test_truth_stays(clip):
    """A perfect first guess is made worse."""
    config = _shortened(recon_config("manip_anny").optimization, 60)
    result = optimize(clip.inputs, config)
    assert clip.joint_error_mm(result.motion) < 4
    assert clip.object_error_mm(result.Ts_world_object) < 4
    assert clip.rotation_error_deg(result.Ts_world_object) < 1


def test_lost_frames_follow_the_hand(clip):
    """While the track is lost in the middle of a grasp, the object is left behind or jumps."""
    inputs = clip.inputs
    lost = np.zeros(len(inputs), dtype=bool)
    lost[10:16] = True
    Ts = inputs.track.Ts_world_object.copy()
    Ts[lost, :3, 3] += [0.2, -0.1, 0.3]
    Ts[lost, :3, :3] = matrix_from_axis_angle(np.array([0.5, 0.5, 0.0]))
    confidence = np.where(lost, 0.1, 1.0)
    masks = inputs.tracks.object_masks.copy()
    masks[lost] = False
    tracks_confidence = inputs.tracks.confidence.copy()
    tracks_confidence[lost, 0] = 0.0
    broken = replace(
        inputs,
        track=replace(inputs.track, Ts_world_object=Ts, confidence=confidence, lost=lost),
        tracks=replace(inputs.tracks, object_masks=masks, confidence=tracks_confidence),
    )
    guess = first_guess(broken, holding(broken))
    assert np.allclose(guess[lost], clip.Ts_world_object[lost], atol=1e-9)
    result = optimize(broken, _shortened(recon_config("manip_anny").optimization, 60))
    center = inputs.mesh.surface_centroid[None]
    found = transform_points(result.Ts_world_object[lost], center)
    true = transform_points(clip.Ts_world_object[lost], center)
    assert np.linalg.norm(found - true, axis=-1).max() < 0.0115  # 0.012 without any rigidity


def test_optimization_is_deterministic(spoiled_clip):
    """Two runs of one clip differ, so that a fingerprint promises too much."""
    config = _shortened(recon_config("manip_anny").optimization, 5)
    a, b = (optimize(spoiled_clip.inputs, config) for _ in range(2))
    assert np.array_equal(a.Ts_world_object, b.Ts_world_object)
    assert np.array_equal(a.motion.rotations, b.motion.rotations)


def test_results_are_rigid_and_complete(spoiled_clip):
    """Downstream readers refuse the result, or a loss curve is missing or too short."""
    reports = []
    config = _shortened(recon_config("manip_anny").optimization, 12)
    result = optimize(
        spoiled_clip.inputs, config, lambda fraction, text: reports.append((fraction, text))
    )
    for R in (result.Ts_world_object[:, :3, :3], result.motion.rotations):
        assert np.allclose(np.swapaxes(R, -1, -2) @ R, np.eye(3), atol=1e-9)
    assert {len(values) for values in result.loss_history.values()} == {24}
    assert not result.loss_history["contact"][:12].any()
    assert set(result.eval_data) == set(result.loss_history)
    assert set(result.phase_seconds) == {"init_opt", "contact_opt"}
    assert reports[-1][0] == pytest.approx(1.0)
    assert "contact_opt 12/12, loss" in reports[-1][1]


def test_static_object_does_not_move(spoiled_clip):
    """In static mode the object drifts with the noise of a tracker that should not matter."""
    inputs = replace(spoiled_clip.inputs, static_object=True)
    result = optimize(inputs, _shortened(recon_config("manip_anny").optimization, 20))
    first = inputs.spec.T_world_object_array()
    assert np.allclose(result.Ts_world_object, first, atol=1e-6)
    assert result.left_out["obj_smoothness"] == "the object is static"
    assert "keypoint_tracking" in result.eval_data


def test_terms_without_measurement_are_named(spoiled_clip):
    """A clip without depth or masks fails, or silently does without the terms."""
    inputs = spoiled_clip.inputs
    tracks = replace(
        inputs.tracks,
        depth=np.full_like(inputs.tracks.depth, np.nan),
        object_masks=np.zeros_like(inputs.tracks.object_masks),
    )
    contacts = replace(inputs.contacts, hands=np.zeros((len(inputs), 2), dtype=bool))
    blind = replace(inputs, tracks=tracks, contacts=contacts)
    result = optimize(blind, _shortened(recon_config("manip_anny").optimization, 3))
    assert result.left_out == {
        "contact": "no hand is in contact in any frame",
        "contact_smoothness": "no hand is in contact in any frame",
        "depth_pointcloud": "no depth was measured on the object, nor any on the person but "
        "the body's own",
        "verts_tracking": "the object has no mask in any frame",
    }


def test_nan_names_term_phase_and_iteration(spoiled_clip):
    """A broken input ends as a clip full of nan, or as an error that does not say where."""
    inputs = spoiled_clip.inputs
    rotations = inputs.human.motion.rotations.copy()
    rotations[2, 5] = np.nan
    motion = replace(inputs.human.motion, rotations=rotations)
    broken = replace(inputs, human=replace(inputs.human, motion=motion))
    config = _one_phase({"human_smoothness": {"weight": 1}}, {"human_trans_res": {"lr": 0.001}})
    with pytest.raises(StageError) as error:
        optimize(broken, config)
    assert str(error.value).startswith(
        "optimization diverged in phase 'only' at iteration 0 of 20: human_smoothness = nan is not "
        "finite; check the inputs"
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("joints.square().sum(-1)", r"a tensor \(\d+, 55\)"),
        ("0.5", r"0\.5"),
    ],
)
def test_a_term_that_is_no_scalar_is_named(clip, tmp_path, value, found):
    """A new term would fail with an error of torch that names neither the term nor the cure."""
    text = (
        "from hoi_platform.core.optimizer.term import Term\n\n\n"
        "def still(prediction, observed, _):\n"
        f"    joints = prediction.posed.joints\n    return {value}\n\n\n"
        "TERMS = (Term(still),)\n"
    )
    with adder(tmp_path) as add:
        add("hoi_platform.core.optimizer.terms", "still", text)
        config = _one_phase({"still": {"weight": 1}}, {"human_trans_res": {"lr": 0.001}})
        said = rf"the loss term 'still' returns {found}; return a scalar tensor, such as residual"
        with pytest.raises(StageError, match=said):
            optimize(clip.inputs, config)


def test_divergence_names_term_phase_and_iteration(spoiled_clip):
    """A learning rate that is far too high gives garbage instead of an error."""
    losses = {"human_global_init_reg": {"weight": 1}, "keypoint_tracking": {"weight": 1}}
    config = _one_phase(losses, {"human_trans_res": {"lr": 400.0}}, niter=50)
    message = r"phase 'only' at iteration \d+ of 50: the loss grew from .* keypoint_tracking"
    with pytest.raises(StageError, match=message):
        optimize(spoiled_clip.inputs, config)


def test_inputs_of_different_length_are_refused(clip):
    """A track cut short shifts every later stage by some frames without a word."""
    inputs = clip.inputs
    track = inputs.track
    shorter = replace(
        track,
        Ts_world_object=track.Ts_world_object[:-1],
        confidence=track.confidence[:-1],
        lost=track.lost[:-1],
    )
    with pytest.raises(StageError, match="human pose 20, object pose 19, scene tracks 20"):
        replace(inputs, track=shorter)
