"""The part of the flow that leads to a stage."""

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.config.base import hint
from hoi_platform.core.errors import BadInputError


def chain_up_to(target: str) -> list[str]:
    """A stage and everything that it is made from, upstream first; all stages without a target.

    Raises BadInputError for an unknown one.
    """
    if not target:
        return flow_order()
    if target not in STAGES:
        raise BadInputError(f"no stage {target!r}; {hint(target, flow_order())}")
    needed, pending = {target}, [target]
    while pending:
        above = set(STAGES[pending.pop()].upstream) - needed
        needed |= above
        pending += above
    return [name for name in flow_order() if name in needed]
