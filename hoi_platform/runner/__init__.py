"""Materializing chains of assets in the project's Dagster instance from a script."""

from hoi_platform.runner.chain import ChainRunner, Outcome

__all__ = ["ChainRunner", "Outcome"]
