"""How the commands of the ledger open it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hoi_platform.core.config.gen_2dhoi import VideoConfig
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.resources.video import VideoResource
    from hoi_platform.services.ledger.ledger import Ledger

Reference = Annotated[str, typer.Argument(help="Row number, external task id or fingerprint.")]


def open_ledger_of(results_dir: Path, task: str) -> "tuple[Ledger, VideoConfig, PlatformResource]":
    """The ledger of a results folder, under the budget of a task's configuration."""
    from hoi_platform.resources.ledger import LedgerResource
    from hoi_platform.resources.platform import PlatformResource

    resource = PlatformResource(results_dir=str(results_dir.absolute()))
    config = resource.platform().settings(task).gen_2dhoi.video
    return LedgerResource(platform=resource).ledger(config.budget), config, resource


def open_for_video(results_dir: Path, task: str) -> "tuple[Ledger, VideoConfig, VideoResource]":
    """The ledger, the configuration and the backends that its rows were sent with."""
    from hoi_platform.resources.video import resuming_video

    ledger, config, resource = open_ledger_of(results_dir, task)
    return ledger, config, resuming_video(resource)
