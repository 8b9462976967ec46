"""Stages as data: the shipped files, inheritance, and what is said of unknown names."""

import pytest

from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.recon_4dhoi import OptimizationConfig
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.optimizer.phases import resolve_phases
from hoi_platform_tests.core.optimizer.configs import recon_config

REFERENCE_WEIGHTS = {
    "keypoint_tracking": 0.3,
    "human_smoothness": 30.0,
    "human_pose_reg": 100.0,
    "human_foot_contact": 10.0,
    "human_global_init_reg": 3000.0,
    "verts_tracking": 0.3,
    "obj_smoothness": 50.0,
    "depth_pointcloud": 100.0,
}


def _config(**phases: dict) -> OptimizationConfig:
    return parse_config(OptimizationConfig, {"opt_stage_specs": phases}, "test")


@pytest.mark.parametrize("name", ["manip_anny", "manip_smplx", "manip_soma"])
def test_shipped_files_have_the_two_phases(name):
    """A shipped configuration does not load or names a term that there is not."""
    first, second = resolve_phases(recon_config(name).optimization)
    assert (first.name, first.iterations) == ("init_opt", 400)
    assert (second.name, second.iterations) == ("contact_opt", 200)
    assert {term.name for term in second.terms} >= {term.name for term in first.terms}
    assert "contact" in {term.name for term in second.terms}


@pytest.mark.parametrize("name", ["manip_smplx", "manip_soma"])
def test_reference_values_are_kept(name):
    """A user of the reference finds other weights under its names."""
    first, second = resolve_phases(recon_config(name).optimization)
    assert {term.name: term.weight for term in first.terms} == REFERENCE_WEIGHTS
    assert first.variables["human_pose_res"].lr == 1e-4
    assert second.variables["human_pose_res"].lr == 1e-3
    assert second.variables["obj_t_res"].lr == 0.003
    contact = next(term for term in second.terms if term.name == "contact")
    assert contact.weight == 30000
    assert contact.params.model_dump()["depth_only"] is True


def test_later_phases_inherit_and_override():
    """A second phase forgets the first one's terms or mixes up their parameters."""
    config = _config(
        a={
            "opt_vars": {"obj_t_res": {"lr": 0.1}},
            "niter": 1,
            "loss_cfg": {
                "contact": {"weight": 2, "top_k": 3},
                "obj_smoothness": {"weight": 1},
                "ground": {"weight": 1},
            },
        },
        b={
            "opt_vars": {"obj_R_res": {"lr": 0.2}},
            "niter": 2,
            "loss_cfg": {"contact": {"weight": 5}, "ground": {"weight": 0}},
        },
    )
    _, b = resolve_phases(config)
    assert {name: var.lr for name, var in b.variables.items()} == {
        "obj_t_res": 0.1,
        "obj_R_res": 0.2,
    }
    assert {term.name: term.weight for term in b.terms} == {"contact": 5, "obj_smoothness": 1}
    assert b.terms[0].params.model_dump()["top_k"] == 3


def test_unknown_names_are_reported_together_with_the_nearest():
    """A misspelt term is ignored, so that the clip is optimized without it."""
    config = _config(
        a={
            "opt_vars": {"obj_trans_res": {"lr": 0.1}},
            "niter": 1,
            "loss_cfg": {
                "keypoint_traking": {"weight": 1},
                "contact": {"weight": 1, "max_contact_distance": 0.1},
            },
        }
    )
    with pytest.raises(ConfigError) as error:
        resolve_phases(config)
    message = str(error.value)
    assert "unknown variable 'obj_trans_res'; did you mean 'obj_t_res'?" in message
    assert "unknown term 'keypoint_traking'; did you mean 'keypoint_tracking'?" in message
    assert "max_contact_distance: unknown key; did you mean 'max_contact_dist'?" in message


def test_no_phases_is_an_error():
    """An empty configuration runs no iteration and calls the first guess a result."""
    with pytest.raises(ConfigError, match="opt_stage_specs is empty"):
        resolve_phases(OptimizationConfig())
