"""Residual functions of single items, mapped over a batch and differentiated."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor
from torch.func import jacrev, vmap


def linearize(
    f: Callable[..., Tensor], inputs: Float[Tensor, "T N *shape"], *constants: Tensor
) -> tuple[Float[Tensor, "T N M"], Float[Tensor, "T N M *shape"]]:
    """f over a batch of inputs: its residuals and their derivatives.

    ``constants`` broadcast to (T, N, ...).
    """
    T, N = inputs.shape[:2]
    flat = [c.expand(T, N, *c.shape[2:]).flatten(0, 1) for c in constants]
    items = inputs.flatten(0, 1)
    residual, J = vmap(f)(items, *flat), vmap(jacrev(f))(items, *flat)
    return residual.unflatten(0, (T, N)), J.unflatten(0, (T, N))
