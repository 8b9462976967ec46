"""The shipped configurations of the 4D stage."""

from pathlib import Path

import yaml

from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.recon_4dhoi import Recon4DHOIConfig

CONFIG_DIR = Path(__file__).parents[3] / "configs" / "recon_4dhoi"


def recon_config(name: str) -> Recon4DHOIConfig:
    """``configs/recon_4dhoi/<name>.yaml``."""
    data = yaml.safe_load((CONFIG_DIR / f"{name}.yaml").read_text())
    return parse_config(Recon4DHOIConfig, data, name)
