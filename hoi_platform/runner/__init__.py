"""Materializing chains of assets in the project's Dagster instance from a script.

Belongs here: which runs a request becomes, their order and failures. Does not: how a stage works,
what a terminal shows.
"""

from hoi_platform.runner.chain import ChainRunner, Outcome
from hoi_platform.runner.order import Part

__all__ = ["ChainRunner", "Outcome", "Part"]
