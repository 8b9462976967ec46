"""One stage: AdamW on the stage's variables, with the failure told by term and iteration."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, pi

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi_platform.core.errors import StageError
from hoi_platform.core.optimizer.hoi_model import HoiModel
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.stages import Stage, WeightedTerm
from hoi_platform.core.optimizer.targets import Targets
from hoi_platform.core.optimizer.variables import Variables, mask_fingers

_LAST_RATE = 0.05
_DIVERGED = 1e3
"""A stage has diverged when its loss exceeds this many times its first value."""

Refresh = Callable[[Targets, Prediction, bool], Targets]
"""Renews the associations; the flag says that a stage starts."""
OnIteration = Callable[[int, float], None]


@dataclass
class Descent:
    """Runs stages one after another; ``variables`` and ``targets`` carry over."""

    model: HoiModel
    variables: Variables
    targets: Targets
    refresh: Refresh
    refresh_every: int
    history: list[dict[str, float]] = field(default_factory=list)
    """Per iteration: term → weighted value."""

    def run(self, stage: Stage, on_iteration: OnIteration) -> None:
        """Raises StageError that names term, stage and iteration when a value is not finite or
        the loss has grown without bounds."""
        optimizer = self._optimizer(stage)
        first: float | None = None
        for iteration in range(stage.iterations):
            if iteration % self.refresh_every == 0:
                self.targets = self.refresh(self.targets, self._prediction(), iteration == 0)
            _set_rates(optimizer, stage, iteration)
            optimizer.zero_grad()
            terms = self.evaluate(stage)
            total = torch.stack(list(terms.values())).sum()
            values = dict(zip(terms, torch.stack(list(terms.values())).tolist(), strict=True))
            first = sum(values.values()) if first is None else first
            _check(values, first, stage, iteration)
            total.backward()
            self._check_gradients(stage, iteration)
            self._restrict(stage)
            optimizer.step()
            self.history.append(values)
            on_iteration(iteration, sum(values.values()))
        for tensor in self.variables.tensors().values():
            tensor.requires_grad_(False)

    def evaluate(self, stage: Stage) -> dict[str, Tensor]:
        """Term → weighted value at the present variables."""
        prediction = self._prediction()
        return {
            term.name: term.weight * term.term.function(prediction, self.targets, term.params)
            for term in stage.terms
        }

    def _prediction(self) -> Prediction:
        return Prediction(self.model, self.variables)

    def _optimizer(self, stage: Stage) -> torch.optim.Optimizer:
        tensors = self.variables.tensors()
        groups = [
            {"params": [tensors[name].requires_grad_(True)], "lr": var.lr, "first_lr": var.lr}
            for name, var in stage.variables.items()
        ]
        # No decay: the variables are residuals, whose priors are terms.
        return torch.optim.AdamW(groups, weight_decay=0.0)

    def _restrict(self, stage: Stage) -> None:
        pose, config = self.variables.human_pose_res, stage.variables.get("human_pose_res")
        if config is not None and config.joints == "body" and pose.grad is not None:
            pose.grad = mask_fingers(pose.grad)

    def _check_gradients(self, stage: Stage, iteration: int) -> None:
        gradients = [t.grad for t in self.variables.tensors().values() if t.grad is not None]
        if all(bool(gradient.isfinite().all()) for gradient in gradients):
            return
        names = [term.name for term in stage.terms if self._breaks(term)] or [
            "the sum of all terms"
        ]
        raise StageError(
            _where(f"the gradient of {', '.join(names)} is not finite", stage, iteration)
        )

    def _breaks(self, term: WeightedTerm) -> bool:
        """Whether this term alone has a gradient that is not finite."""
        tensors = [t for t in self.variables.tensors().values() if t.requires_grad]
        value = term.term.function(self._prediction(), self.targets, term.params)
        if not value.requires_grad:
            return False
        gradients = torch.autograd.grad(value, tensors, allow_unused=True)
        return any(g is not None and not bool(g.isfinite().all()) for g in gradients)


def loss_history(history: list[dict[str, float]]) -> dict[str, NDArray[np.float64]]:
    """Term → (N,) values; 0 where a stage did without the term."""
    names = dict.fromkeys(name for values in history for name in values)
    return {name: np.array([values.get(name, 0.0) for values in history], float) for name in names}


def _set_rates(optimizer: torch.optim.Optimizer, stage: Stage, iteration: int) -> None:
    if stage.schedule == "none":
        return
    fraction = iteration / max(1, stage.iterations - 1)
    factor = _LAST_RATE + (1 - _LAST_RATE) * (1 + cos(pi * fraction)) / 2
    for group in optimizer.param_groups:
        group["lr"] = factor * group["first_lr"]


def _check(values: dict[str, float], first: float, stage: Stage, iteration: int) -> None:
    if bad := [name for name, value in values.items() if not np.isfinite(value)]:
        found = ", ".join(f"{name} = {values[name]}" for name in bad)
        raise StageError(_where(f"{found} is not finite", stage, iteration))
    if sum(values.values()) > _DIVERGED * max(first, 1.0):
        name = max(values, key=lambda key: values[key])
        what = f"the loss grew from {first:.4g} to {sum(values.values()):.4g}, most of it {name}"
        raise StageError(_where(what, stage, iteration))


def _where(what: str, stage: Stage, iteration: int) -> str:
    return (
        f"optimization diverged in stage {stage.name!r} at iteration {iteration} of "
        f"{stage.iterations}: {what}; check the inputs of that term or lower its weight or the "
        "learning rates"
    )
