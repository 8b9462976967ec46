"""The optimizer's phases: names checked, variables and terms of earlier phases inherited.

The configuration calls them stages (``opt_stage_specs``), as the reference does.
"""

from dataclasses import dataclass
from typing import Any, Literal

from hoi_platform.core.config.base import Config, parse_config
from hoi_platform.core.config.recon_4dhoi import LossConfig, OptimizationConfig, VarConfig
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.optimizer.term import TERMS, Term, unknown_names


@dataclass(frozen=True)
class WeightedTerm:
    """A term as one phase uses it."""

    name: str
    term: Term
    weight: float
    params: Config


@dataclass(frozen=True)
class Phase:
    """One run of AdamW."""

    name: str
    iterations: int
    schedule: Literal["none", "cosine"]
    variables: dict[str, VarConfig]
    terms: tuple[WeightedTerm, ...]


def resolve_phases(config: OptimizationConfig) -> tuple[Phase, ...]:
    """Each phase with all that it inherits; a weight of 0 removes a term.

    Raises ConfigError that lists every unknown variable, term or parameter, with the nearest name.
    """
    if not config.opt_stage_specs:
        raise ConfigError("optimization.opt_stage_specs is empty; configs/recon_4dhoi shows phases")
    variables: dict[str, VarConfig] = {}
    losses: dict[str, dict[str, Any]] = {}
    phases: list[Phase] = []
    mistakes: list[str] = []
    for name, spec in config.opt_stage_specs.items():
        where = f"optimization.opt_stage_specs.{name}"
        variables = variables | spec.opt_vars
        losses = _merged(losses, spec.loss_cfg)
        keys = {term: loss.model_extra or {} for term, loss in spec.loss_cfg.items()}
        mistakes += unknown_names(name, spec.opt_vars, keys)
        if not variables:
            mistakes.append(f"{where}.opt_vars: no variable here nor in an earlier phase")
        terms = _terms(losses, where, mistakes)
        phases.append(Phase(name, spec.niter, spec.schedule, variables, terms))
    if mistakes:
        raise ConfigError("; ".join(dict.fromkeys(mistakes)))
    return tuple(phases)


def _merged(
    losses: dict[str, dict[str, Any]], later: dict[str, LossConfig]
) -> dict[str, dict[str, Any]]:
    """Later weights and parameters win; what a later phase does not mention stays."""
    changed = {
        name: losses.get(name, {}) | loss.model_dump(exclude_unset=True)
        for name, loss in later.items()
    }
    return losses | changed


def _terms(
    losses: dict[str, dict[str, Any]], where: str, mistakes: list[str]
) -> tuple[WeightedTerm, ...]:
    """Those of positive weight; values that do not fit their parameter go to ``mistakes``."""
    terms, known = [], TERMS.rows()
    for name, values in losses.items():
        if name not in known:
            continue
        term = known[name]
        own = {key: value for key, value in values.items() if key in term.params.model_fields}
        try:
            params = parse_config(term.params, own, f"{where}.loss_cfg.{name}")
        except ConfigError as error:
            mistakes.append(str(error))
        else:
            terms.append(WeightedTerm(name, term, values["weight"], params))
    return tuple(term for term in terms if term.weight > 0)
