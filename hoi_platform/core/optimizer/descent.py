"""One phase: AdamW on the phase's variables; failures name the term and the iteration."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, pi
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi_platform.core.errors import StageError
from hoi_platform.core.optimizer.hoi_model import HoiModel
from hoi_platform.core.optimizer.observations import Observations
from hoi_platform.core.optimizer.phases import Phase, WeightedTerm
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.variables import Variables, mask_fingers

_LAST_RATE: Final = 0.05
"""Fraction of the learning rate at the end of a cosine; chosen."""
_DIVERGED: Final = 1e3
"""Factor by which the loss of a phase exceeds its first value when it has diverged; chosen."""

Refresh = Callable[[Observations, Prediction, bool], Observations]
"""Renews the associations; the flag says that a phase starts."""
OnIteration = Callable[[int, float], None]


@dataclass
class Descent:
    """Runs phases one after another; variables and observations carry over."""

    model: HoiModel
    variables: Variables
    observed: Observations
    refresh: Refresh
    refresh_every: int
    history: list[dict[str, float]] = field(default_factory=list)
    """Per iteration: term → weighted value."""

    def run(self, phase: Phase, on_iteration: OnIteration) -> None:
        """Raises StageError that names term, phase and iteration when a value is not finite or
        the loss has grown without bounds."""
        optimizer = self._optimizer(phase)
        first: float | None = None
        for iteration in range(phase.iterations):
            if iteration % self.refresh_every == 0:
                self.observed = self.refresh(self.observed, self._prediction(), iteration == 0)
            _set_rates(optimizer, phase, iteration)
            optimizer.zero_grad()
            terms = self.evaluate(phase)
            total = torch.stack(list(terms.values())).sum()
            values = dict(zip(terms, torch.stack(list(terms.values())).tolist(), strict=True))
            first = sum(values.values()) if first is None else first
            _check(values, first, phase, iteration)
            total.backward()
            self._check_gradients(phase, iteration)
            self._restrict(phase)
            optimizer.step()
            self.history.append(values)
            on_iteration(iteration, sum(values.values()))
        for tensor in self.variables.tensors().values():
            tensor.requires_grad_(False)

    def evaluate(self, phase: Phase) -> dict[str, Tensor]:
        """Term → weighted value at the present variables."""
        prediction = self._prediction()
        return {
            term.name: term.weight * _value(term, prediction, self.observed) for term in phase.terms
        }

    def _prediction(self) -> Prediction:
        return Prediction(self.model, self.variables)

    def _optimizer(self, phase: Phase) -> torch.optim.Optimizer:
        tensors = self.variables.tensors()
        groups = [
            {"params": [tensors[name].requires_grad_(True)], "lr": var.lr, "first_lr": var.lr}
            for name, var in phase.variables.items()
        ]
        # No decay: the variables are residuals, whose priors are terms.
        return torch.optim.AdamW(groups, weight_decay=0.0)

    def _restrict(self, phase: Phase) -> None:
        pose, config = self.variables.human_pose_res, phase.variables.get("human_pose_res")
        if config is not None and config.joints == "body" and pose.grad is not None:
            pose.grad = mask_fingers(pose.grad)

    def _check_gradients(self, phase: Phase, iteration: int) -> None:
        gradients = [t.grad for t in self.variables.tensors().values() if t.grad is not None]
        if all(bool(gradient.isfinite().all()) for gradient in gradients):
            return
        names = [term.name for term in phase.terms if self._breaks(term)] or [
            "the sum of all terms"
        ]
        raise StageError(
            _where(f"the gradient of {', '.join(names)} is not finite", phase, iteration)
        )

    def _breaks(self, term: WeightedTerm) -> bool:
        """Whether this term alone has a gradient that is not finite."""
        tensors = [t for t in self.variables.tensors().values() if t.requires_grad]
        value = term.term.function(self._prediction(), self.observed, term.params)
        if not value.requires_grad:
            return False
        gradients = torch.autograd.grad(value, tensors, allow_unused=True)
        return any(g is not None and not bool(g.isfinite().all()) for g in gradients)


def _value(term: WeightedTerm, prediction: Prediction, observed: Observations) -> Tensor:
    """What a term costs, unweighted. Raises StageError for anything but a scalar."""
    value: object = term.term.function(prediction, observed, term.params)
    if isinstance(value, Tensor) and value.ndim == 0:
        return value
    found = f"a tensor {tuple(value.shape)}" if isinstance(value, Tensor) else repr(value)
    raise StageError(
        f"the loss term {term.name!r} returns {found}; return a scalar tensor, such as "
        "residual.mean()"
    )


def loss_history(history: list[dict[str, float]]) -> dict[str, NDArray[np.float64]]:
    """Term → (N,) values; 0 in phases without the term."""
    names = dict.fromkeys(name for values in history for name in values)
    return {name: np.array([values.get(name, 0.0) for values in history], float) for name in names}


def _set_rates(optimizer: torch.optim.Optimizer, phase: Phase, iteration: int) -> None:
    if phase.schedule == "none":
        return
    fraction = iteration / max(1, phase.iterations - 1)
    factor = _LAST_RATE + (1 - _LAST_RATE) * (1 + cos(pi * fraction)) / 2
    for group in optimizer.param_groups:
        group["lr"] = factor * group["first_lr"]


def _check(values: dict[str, float], first: float, phase: Phase, iteration: int) -> None:
    if bad := [name for name, value in values.items() if not np.isfinite(value)]:
        found = ", ".join(f"{name} = {values[name]}" for name in bad)
        raise StageError(_where(f"{found} is not finite", phase, iteration))
    if sum(values.values()) > _DIVERGED * max(first, 1.0):
        name = max(values, key=lambda key: values[key])
        what = f"the loss grew from {first:.4g} to {sum(values.values()):.4g}, most of it {name}"
        raise StageError(_where(what, phase, iteration))


def _where(what: str, phase: Phase, iteration: int) -> str:
    return (
        f"optimization diverged in phase {phase.name!r} at iteration {iteration} of "
        f"{phase.iterations}: {what}; check the inputs of that term or lower its weight or the "
        "learning rates"
    )
