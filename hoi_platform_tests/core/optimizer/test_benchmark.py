"""The optimizer's own benchmark."""

from hoi_platform.core.optimizer.benchmark import benchmark_optimizer
from hoi_platform_tests.core.optimizer.configs import recon_config
from hoi_platform_tests.hoi_samples import stick_body


def test_every_term_and_phase_is_timed():
    """A slow term hides because the benchmark leaves it out."""
    ticks = iter(range(10_000))
    config = recon_config("manip_anny").optimization
    cost = benchmark_optimizer(stick_body(), config, 8, 160, clock=lambda: float(next(ticks)))
    assert set(cost.iteration_ms) == {"init_opt", "contact_opt"}
    assert set(cost.term_ms) == {
        name for phase in config.opt_stage_specs.values() for name in phase.loss_cfg
    }
    assert cost.total_s > cost.setup_s == 1.0
    assert any("contact_opt" in line for line in cost.lines())
