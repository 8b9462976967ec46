"""The optimizer's stages: names checked, variables and terms of earlier stages carried over."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from hoi_platform.core.config.base import Config, parse_config
from hoi_platform.core.config.recon_4dhoi import (
    LossConfig,
    OptimizationConfig,
    OptStageConfig,
    VarConfig,
)
from hoi_platform.core.config.terms import GRAIL_ONLY
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.optimizer.terms.table import Term, find_term
from hoi_platform.core.optimizer.variables import VARIABLE_NAMES


@dataclass(frozen=True)
class WeightedTerm:
    """A term as one stage uses it."""

    name: str
    term: Term
    weight: float
    params: Config


@dataclass(frozen=True)
class Stage:
    """One run of AdamW."""

    name: str
    iterations: int
    schedule: Literal["none", "cosine"]
    variables: dict[str, VarConfig]
    terms: tuple[WeightedTerm, ...]


def resolve_stages(config: OptimizationConfig) -> tuple[Stage, ...]:
    """Each stage with all that it inherits; a weight of 0 removes a term.

    Raises ConfigError that lists every unknown variable, term or parameter, with the nearest name.
    """
    if not config.opt_stage_specs:
        raise ConfigError("optimization.opt_stage_specs is empty; configs/recon_4dhoi shows stages")
    variables: dict[str, VarConfig] = {}
    losses: dict[str, dict[str, Any]] = {}
    stages: list[Stage] = []
    mistakes: list[str] = []
    for name, spec in config.opt_stage_specs.items():
        where = f"optimization.opt_stage_specs.{name}"
        variables = variables | spec.opt_vars
        losses = _laid_over(losses, spec.loss_cfg)
        mistakes += _unknown_variables(spec, where)
        if not variables:
            mistakes.append(f"{where}.opt_vars: no variable here nor in an earlier stage")
        terms = _terms(losses, where, mistakes)
        stages.append(Stage(name, spec.niter, spec.schedule, variables, terms))
    if mistakes:
        raise ConfigError("; ".join(dict.fromkeys(mistakes)))
    return tuple(stages)


def _laid_over(
    losses: dict[str, dict[str, Any]], later: dict[str, LossConfig]
) -> dict[str, dict[str, Any]]:
    """Later weights and parameters win; what a later stage does not mention stays."""
    changed = {
        name: losses.get(name, {}) | loss.model_dump(exclude_unset=True)
        for name, loss in later.items()
    }
    return losses | changed


def _unknown_variables(spec: OptStageConfig, where: str) -> list[str]:
    return [
        f"{where}.opt_vars: unknown variable {name!r}; {_hint(name, VARIABLE_NAMES)}"
        for name in spec.opt_vars
        if name not in VARIABLE_NAMES
    ]


def _hint(name: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"


def _terms(
    losses: dict[str, dict[str, Any]], where: str, mistakes: list[str]
) -> tuple[WeightedTerm, ...]:
    terms = []
    for name, values in losses.items():
        try:
            term = find_term(name, f"{where}.loss_cfg")
            foreign = {"weight", *GRAIL_ONLY.get(name, ())}
            own = {key: value for key, value in values.items() if key not in foreign}
            params = parse_config(term.params, own, f"{where}.loss_cfg.{name}")
        except ConfigError as error:
            mistakes.append(str(error))
        else:
            terms.append(WeightedTerm(name, term, values["weight"], params))
    return tuple(term for term in terms if term.weight > 0)
