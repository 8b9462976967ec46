"""What a loss term is, and the registry of all terms: known names, parameters, needs.

Terms load without torch, which they import where they compute, so that a configuration is checked
in no time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from hoi_platform.core.config.base import Config, hint
from hoi_platform.core.optimizer.variables import VARIABLE_NAMES
from hoi_platform.core.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

    from hoi_platform.core.optimizer.observations import Observations
    from hoi_platform.core.optimizer.prediction import Prediction


class Need(Enum):
    """What a term needs; the value says why a clip without it leaves the term out."""

    MOVING_OBJECT = "the object is static"
    OBJECT_MASK = "the object has no mask in any frame"
    DEPTH = "no depth was measured on the object, nor any on the person but the body's own"
    CONTACT = "no hand is in contact in any frame"


class NoParams(Config):
    """Terms that have no parameters."""


@dataclass(frozen=True)
class Term:
    """One loss term; its weight and phases stand in the configuration."""

    function: "Callable[[Prediction, Observations, Any], Tensor]"
    """From prediction, observations and parameters to a scalar; its name is the term's."""
    params: type[Config] = NoParams
    """The model of the third argument."""
    needs: tuple[Need, ...] = ()
    """The term is left out where an observation has not all of them."""
    ignored: tuple[str, ...] = ()
    """Parameters of GRAIL's term that load and change nothing; ``core.config.keys`` says which of
    their values are refused."""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def keys(self) -> tuple[str, ...]:
        """What its entry in ``loss_cfg`` may hold."""
        return (*self.params.model_fields, *self.ignored, "weight")


TERMS: Final = Registry("loss term", "hoi_platform.core.optimizer.terms", "TERMS", Term)


def unknown_names(
    phase: str, variables: Iterable[str], terms: Mapping[str, Iterable[str]]
) -> list[str]:
    """One line per unknown variable, term or parameter of a phase, with the nearest name.

    ``terms`` are the keys of each term's entry.
    """
    where, known = f"optimization.opt_stage_specs.{phase}", TERMS.rows()
    mistakes = [
        f"{where}.opt_vars: unknown variable {name!r}; {hint(name, VARIABLE_NAMES)}"
        for name in variables
        if name not in VARIABLE_NAMES
    ]
    for name, keys in terms.items():
        if name not in known:
            mistakes.append(f"{where}.loss_cfg: unknown term {name!r}; {hint(name, [*known])}")
            continue
        mistakes += [
            f"{where}.loss_cfg.{name}.{key}: unknown key; {hint(key, known[name].keys)}"
            for key in keys
            if key not in known[name].keys
        ]
    return mistakes
