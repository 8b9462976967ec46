"""Each term's gradient against finite differences, and the laws that its formula states."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hoi_platform.core.optimizer.associations import refreshed
from hoi_platform.core.optimizer.build import build_targets
from hoi_platform.core.optimizer.hoi_model import HoiModel, Kind
from hoi_platform.core.optimizer.holding import holding
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.targets import ContactTargets, Targets
from hoi_platform.core.optimizer.terms.table import TERMS
from hoi_platform.core.optimizer.variables import Variables
from hoi_platform_tests.core.optimizer.planted import Planted, planted, spoiled

KIND = Kind(torch.float64, torch.device("cpu"))
EXTRA_PARAMS = {"contact": [{"depth_only": True}, {"duration": "start"}]}


@pytest.fixture(scope="module")
def clip() -> Planted:
    return spoiled(planted(frames=6, contact_start=2), np.random.default_rng(1))


@pytest.fixture(scope="module")
def problem(clip: Planted) -> tuple[HoiModel, Targets, Variables]:
    """A model, its targets with associations, and variables away from any special point."""
    rng = np.random.default_rng(0)
    observation = clip.observation
    model = HoiModel.of(observation, observation.track.Ts_world_object, KIND, seed=0)
    targets = build_targets(observation, model, holding(observation), KIND, 50, rng)
    variables = _random_variables(len(observation), rng)
    # Rim points found here project to pixel centers, where interpolated images have kinks.
    before = Prediction(model, _random_variables(len(observation), rng))
    return model, refreshed(targets, before, observation, rng), variables


def _random_variables(frames: int, rng: np.random.Generator) -> Variables:
    shapes = ((3,), (frames, 3), (frames, 55, 3), (frames, 3), (frames, 3))
    return Variables(*(torch.as_tensor(rng.normal(0, 0.01, shape)) for shape in shapes))


CASES = [(name, extra) for name in TERMS for extra in [{}, *EXTRA_PARAMS.get(name, [])]]


@pytest.mark.parametrize(("name", "extra"), CASES)
def test_gradient_equals_the_slope_along_random_directions(problem, name, extra):
    """A term pushes the variables in another direction than the one that lowers it."""
    model, targets, variables = problem
    term = TERMS[name]
    params = term.params(**extra)

    tensors = list(variables.tensors().values())

    def value(step: torch.Tensor, direction: list[torch.Tensor]) -> torch.Tensor:
        moved = [v + step * d for v, d in zip(tensors, direction, strict=True)]
        return term.function(Prediction(model, Variables(*moved)), targets, params)

    rng = np.random.default_rng(7)
    slopes = []
    for _ in range(4):
        direction = [torch.as_tensor(rng.normal(size=tuple(v.shape))) for v in tensors]
        step, eps = torch.zeros((), dtype=torch.float64, requires_grad=True), 1e-7
        numeric = (value(step + eps, direction) - value(step - eps, direction)).item() / (2 * eps)
        (gradient,) = torch.autograd.grad(value(step, direction), [step])
        analytic = gradient.item()
        assert analytic == pytest.approx(numeric, rel=1e-4, abs=1e-9)
        slopes.append(abs(analytic))
    assert max(slopes) > 0


@pytest.mark.parametrize("name", sorted(TERMS))
def test_gradient_is_finite_where_residuals_vanish(problem, name):
    """A square root's slope at zero makes the first iteration NaN."""
    model, targets, _ = problem
    zeros = Variables.zeros(len(model), model.translation)
    for tensor in zeros.tensors().values():
        tensor.requires_grad_()
    term = TERMS[name]
    value = term.function(Prediction(model, zeros), targets, term.params())
    gradients = torch.autograd.grad(value, list(zeros.tensors().values()), allow_unused=True)
    assert all(bool(g.isfinite().all()) for g in gradients if g is not None)


@pytest.mark.parametrize("name", ["human_smoothness", "obj_smoothness"])
def test_constant_velocity_is_smooth(clip, name):
    """Smoothness punishes motion itself, so that everything is dragged to a standstill."""
    observation = clip.observation
    still = np.tile(observation.track.Ts_world_object[:1], (len(observation), 1, 1))
    motion = clip.motion[:1]
    motion = replace(
        clip.motion,
        rotations=np.repeat(motion.rotations, len(observation), axis=0),
        translation=np.repeat(motion.translation, len(observation), axis=0),
    )
    human = replace(observation.human, motion=motion)
    model = HoiModel.of(replace(observation, human=human), still, KIND, seed=0)
    targets = build_targets(
        observation, model, holding(observation), KIND, 0, np.random.default_rng(0)
    )
    variables = Variables.zeros(len(model), model.translation)
    velocity = torch.tensor([0.03, -0.02, 0.01])
    steps = torch.arange(len(model))[:, None] * velocity
    variables.human_trans_res += steps
    variables.obj_t_res += steps
    value = TERMS[name].function(Prediction(model, variables), targets, TERMS[name].params())
    assert value.item() == pytest.approx(0.0, abs=1e-12)


def test_smoothness_does_not_depend_on_the_frame_rate(problem):
    """Weights tuned at 24 fps are wrong for clips of 12."""
    model, targets, variables = problem
    every = torch.arange(0, 6, 2)
    parabola = torch.arange(6.0, dtype=torch.float64)[:, None] ** 2 * 0.01
    variables = Variables.zeros(6, model.translation)
    variables.obj_t_res += parabola
    term = TERMS["obj_smoothness"]
    still = replace(
        model,
        R_world_object=model.R_world_object[:1].expand(6, 3, 3),
        p_world_center=model.p_world_center[:1].expand(6, 3),
    )
    full = term.function(Prediction(still, variables), targets, term.params())
    halved = replace(
        still,
        R_world_object=still.R_world_object[every],
        p_world_center=still.p_world_center[every],
    )
    fewer = Variables.zeros(3, model.translation)
    fewer.obj_t_res += parabola[every]
    slow = replace(targets, fps=12.0)
    half = term.function(Prediction(halved, fewer), slow, term.params())
    assert half.item() == pytest.approx(full.item(), rel=1e-6)


EXACT_ZERO = {
    "keypoint_tracking": 1e-9,
    "human_pose_reg": 0,
    "human_global_init_reg": 0,
    "human_foot_contact": 1e-9,
    "obj_precontact_reg": 1e-12,
    "obj_traj_reg": 1e-12,
    "obj_rot_reg": 1e-12,
    "contact_smoothness": 1e-12,
    "depth_pointcloud": 1.5e-3,  # the stick figure has edges every 4 cm
    "verts_tracking": 0.25,  # pixels at 1280 wide, where one of the image is four
}


@pytest.mark.parametrize(("name", "limit"), EXACT_ZERO.items())
def test_truth_costs_nothing(name, limit):
    """A term is biased: it pulls a perfect reconstruction away from the truth."""
    clip = planted(frames=8, contact_start=3)
    rng = np.random.default_rng(0)
    model = HoiModel.of(clip.observation, clip.Ts_world_object, KIND, seed=0)
    targets = build_targets(clip.observation, model, holding(clip.observation), KIND, 300, rng)
    prediction = Prediction(model, Variables.zeros(len(model), model.translation))
    targets = refreshed(targets, prediction, clip.observation, rng)
    value = TERMS[name].function(prediction, targets, TERMS[name].params()).item()
    assert 0 <= value <= limit + 1e-15


def test_a_far_hand_does_not_count_as_contact(problem):
    """A wrong contact label drags the hand across the room."""
    model, targets, variables = problem
    term, hands = TERMS["contact"], torch.zeros(6, 2, dtype=torch.bool)
    hands[:, 0] = True  # the left hand, half a meter from the object
    targets = replace(targets, contact=ContactTargets(hands, hands.double(), 0, 6, 0))
    prediction = Prediction(model, variables)
    assert term.function(prediction, targets, term.params()).item() > 1e-4
    gated = term.function(prediction, targets, term.params(max_contact_dist=0.15))
    assert gated.item() == 0


def test_an_unsure_contact_pulls_less_also_as_the_only_one(problem):
    """The weight of a lone hidden hand would cancel, and pull it in full."""
    model, targets, variables = problem
    term, hands = TERMS["contact"], torch.zeros(6, 2, dtype=torch.bool)
    hands[:, 0] = True
    prediction = Prediction(model, variables)

    def pull(weight: float) -> float:
        contact = ContactTargets(hands, weight * hands.double(), 0, 6, 0)
        return term.function(prediction, replace(targets, contact=contact), term.params()).item()

    assert pull(0.1) == pytest.approx(0.1 * pull(1.0))
    assert pull(0.0) == 0
