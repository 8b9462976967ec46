"""Each term's gradient against finite differences, and the laws that its formula states."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hoi_platform.core.optimizer.associations import refreshed
from hoi_platform.core.optimizer.build import build_observations
from hoi_platform.core.optimizer.hoi_model import HoiModel, TensorSpec
from hoi_platform.core.optimizer.holding import holding
from hoi_platform.core.optimizer.observations import Observations, ObservedContacts
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.term import TERMS as REGISTRY
from hoi_platform.core.optimizer.variables import Variables
from hoi_platform_tests.core.optimizer.planted import Planted, planted, spoiled

FLOAT64 = TensorSpec(torch.float64, torch.device("cpu"))
TERMS = REGISTRY.rows()
EXTRA_PARAMS = {"contact": [{"depth_only": True}, {"duration": "start"}]}


@pytest.fixture(scope="module")
def clip() -> Planted:
    return spoiled(planted(frames=6, contact_start=2), np.random.default_rng(1))


@pytest.fixture(scope="module")
def problem(clip: Planted) -> tuple[HoiModel, Observations, Variables]:
    """A model, its observations with associations, and variables away from any special point."""
    rng = np.random.default_rng(0)
    inputs = clip.inputs
    model = HoiModel.of(inputs, inputs.track.Ts_world_object, FLOAT64, seed=0)
    observed = build_observations(inputs, model, holding(inputs), FLOAT64, 50, rng)
    variables = _random_variables(len(inputs), rng)
    # Rim points found here project to pixel centers, where interpolated images have kinks.
    before = Prediction(model, _random_variables(len(inputs), rng))
    return model, refreshed(observed, before, inputs, rng), variables


def _random_variables(frames: int, rng: np.random.Generator) -> Variables:
    shapes = ((3,), (frames, 3), (frames, 55, 3), (frames, 3), (frames, 3))
    return Variables(*(torch.as_tensor(rng.normal(0, 0.01, shape)) for shape in shapes))


CASES = [(name, extra) for name in TERMS for extra in [{}, *EXTRA_PARAMS.get(name, [])]]


@pytest.mark.parametrize(("name", "extra"), CASES)
def test_gradient_equals_the_slope_along_random_directions(problem, name, extra):
    """A term pushes the variables in another direction than the one that lowers it."""
    model, observed, variables = problem
    term = TERMS[name]
    params = term.params(**extra)

    tensors = list(variables.tensors().values())

    def value(step: torch.Tensor, direction: list[torch.Tensor]) -> torch.Tensor:
        moved = [v + step * d for v, d in zip(tensors, direction, strict=True)]
        return term.function(Prediction(model, Variables(*moved)), observed, params)

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
    model, observed, _ = problem
    zeros = Variables.zeros(len(model), model.translation)
    for tensor in zeros.tensors().values():
        tensor.requires_grad_()
    term = TERMS[name]
    value = term.function(Prediction(model, zeros), observed, term.params())
    gradients = torch.autograd.grad(value, list(zeros.tensors().values()), allow_unused=True)
    assert all(bool(g.isfinite().all()) for g in gradients if g is not None)


@pytest.mark.parametrize("name", ["human_smoothness", "obj_smoothness"])
def test_constant_velocity_is_smooth(clip, name):
    """Smoothness punishes motion itself, so that everything is dragged to a standstill."""
    inputs = clip.inputs
    still = np.tile(inputs.track.Ts_world_object[:1], (len(inputs), 1, 1))
    motion = clip.motion[:1]
    motion = replace(
        clip.motion,
        rotations=np.repeat(motion.rotations, len(inputs), axis=0),
        translation=np.repeat(motion.translation, len(inputs), axis=0),
    )
    human = replace(inputs.human, motion=motion)
    model = HoiModel.of(replace(inputs, human=human), still, FLOAT64, seed=0)
    observed = build_observations(
        inputs, model, holding(inputs), FLOAT64, 0, np.random.default_rng(0)
    )
    variables = Variables.zeros(len(model), model.translation)
    velocity = torch.tensor([0.03, -0.02, 0.01])
    steps = torch.arange(len(model))[:, None] * velocity
    variables.human_trans_res += steps
    variables.obj_t_res += steps
    value = TERMS[name].function(Prediction(model, variables), observed, TERMS[name].params())
    assert value.item() == pytest.approx(0.0, abs=1e-12)


def test_smoothness_does_not_depend_on_the_frame_rate(problem):
    """Weights tuned at 24 fps are wrong for clips of 12."""
    model, observed, variables = problem
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
    full = term.function(Prediction(still, variables), observed, term.params())
    halved = replace(
        still,
        rotations=still.rotations[every],
        translation=still.translation[every],
        R_world_object=still.R_world_object[every],
        p_world_center=still.p_world_center[every],
    )
    fewer = Variables.zeros(3, model.translation)
    fewer.obj_t_res += parabola[every]
    slow = replace(observed, fps=12.0)
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
    model = HoiModel.of(clip.inputs, clip.Ts_world_object, FLOAT64, seed=0)
    observed = build_observations(clip.inputs, model, holding(clip.inputs), FLOAT64, 300, rng)
    prediction = Prediction(model, Variables.zeros(len(model), model.translation))
    observed = refreshed(observed, prediction, clip.inputs, rng)
    value = TERMS[name].function(prediction, observed, TERMS[name].params()).item()
    assert 0 <= value <= limit + 1e-15


def test_a_far_hand_does_not_count_as_contact(problem):
    """A wrong contact label drags the hand across the room."""
    model, observed, variables = problem
    term, hands = TERMS["contact"], torch.zeros(6, 2, dtype=torch.bool)
    hands[:, 0] = True  # the left hand, half a meter from the object
    observed = replace(observed, contacts=ObservedContacts(hands, hands.double(), 0, 6, 0))
    prediction = Prediction(model, variables)
    assert term.function(prediction, observed, term.params()).item() > 1e-4
    gated = term.function(prediction, observed, term.params(max_contact_dist=0.15))
    assert gated.item() == 0


def test_an_unsure_contact_pulls_less_also_as_the_only_one(problem):
    """The weight of a lone hidden hand would cancel, and pull it in full."""
    model, observed, variables = problem
    term, hands = TERMS["contact"], torch.zeros(6, 2, dtype=torch.bool)
    hands[:, 0] = True
    prediction = Prediction(model, variables)

    def pull(weight: float) -> float:
        contacts = ObservedContacts(hands, weight * hands.double(), 0, 6, 0)
        return term.function(prediction, replace(observed, contacts=contacts), term.params()).item()

    assert pull(0.1) == pytest.approx(0.1 * pull(1.0))
    assert pull(0.0) == 0
