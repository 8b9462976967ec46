"""The nightly growth's configuration, ledger and clock."""

from datetime import UTC, datetime
from typing import Final

from hoi_platform.core.growth.config import GrowthConfig
from hoi_platform.resources.ledger import LedgerResource, ledger_exists
from hoi_platform.services.backends.registry import is_free
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.platform import Platform
from hoi_platform.services.yaml_files import read_config

_FILE: Final = "growth.yaml"


def growth_config(platform: Platform) -> GrowthConfig:
    """``growth.yaml`` of the configuration folder. Raises ConfigError."""
    config = read_config(GrowthConfig, platform.config_dir / _FILE)
    for task in config.tasks:
        platform.settings(task)
    return config


def growth_ledger(
    platform: Platform, ledger: LedgerResource, config: GrowthConfig
) -> Ledger | None:
    """The ledger; None where nothing is bought and none is there: looking creates none."""
    videos = [platform.settings(task).gen_2dhoi.video for task in config.tasks]
    free = all(is_free("video", video.model_api) for video in videos)
    if free and not ledger_exists(platform.results_dir):
        return None
    return ledger.ledger(videos[0].budget)


def growth_now(ledger: Ledger | None) -> datetime:
    """The time by the ledger's clock, where there is one."""
    return datetime.now(UTC) if ledger is None else ledger.now()
