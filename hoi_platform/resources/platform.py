"""The results folder and the configuration as a Dagster resource."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from hoi_platform.core.config.settings import checked_profile
from hoi_platform.services.plans.launch import Launch
from hoi_platform.services.platform import Platform

PROJECT_ROOT = Path(__file__).resolve().parents[2]


class PlatformResource(dg.ConfigurableResource):
    """Where results are and how stages are configured; empty fields come from the environment.

    HOI_RESULTS_DIR (default: ``results_dir`` of the configuration files, else ``results`` in the
    project), HOI_CONFIG_DIR (default ``configs``), HOI_PROFILE (``demo`` or ``full``),
    HOI_FILES_URL (where a web server shows the results).
    """

    results_dir: str = ""
    config_dir: str = ""
    profile: str = ""
    gen_config: str = ""
    recon_config: str = ""
    overrides: dict[str, Any] = {}
    force: list[str] = []
    buy_again: bool = False

    _launch: str = PrivateAttr(default="")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Note for which launch it is used: its settings are those that the launch began with."""
        if context.run is not None:
            self._launch = Launch.of_run(context.run.run_id, context.run.tags).name

    def with_flags(self, **flags: Any) -> "PlatformResource":
        """The resource with other values; Dagster ignores those of ``model_copy``."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return PlatformResource(**(values | flags))

    def platform(self) -> Platform:
        """The service that stages run against."""
        configs = self.config_dir or os.environ.get("HOI_CONFIG_DIR") or PROJECT_ROOT / "configs"
        profile = self.profile or os.environ.get("HOI_PROFILE") or "full"
        platform = Platform(
            results_dir=PROJECT_ROOT / "results",
            config_dir=Path(configs).absolute(),
            profile=checked_profile(profile),
            gen_config=Path(self.gen_config) if self.gen_config else None,
            recon_config=Path(self.recon_config) if self.recon_config else None,
            overrides=dict(self.overrides),
            files_url=os.environ.get("HOI_FILES_URL"),
            force=frozenset(self.force),
            buy_again=self.buy_again,
        )
        results = (
            self.results_dir
            or os.environ.get("HOI_RESULTS_DIR")
            or platform.configured_results_dir()
            or PROJECT_ROOT / "results"
        )
        return replace(platform, results_dir=Path(results).absolute(), launch=self._launch)
