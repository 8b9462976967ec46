"""Backend ``runner``: any external program that follows the contract of docs/runners.md."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.services.backends.registry import Backend, Need, Role, register
from hoi_platform.services.backends.uses import ClipUse

_READS: Final = frozenset({"path", "hub_id", "device", "weights", "options", "runner"})


def _program_is_there(model: ModelConfig, environ: Mapping[str, str]) -> Need:
    if model.runner is None:
        return Need(False, cure="optional: set runner.command (docs/runners.md)")
    program = model.runner.command[0]
    if shutil.which(program, path=environ.get("PATH")) is None:
        return Need(False, program, "correct runner.command, or install the program")
    files = model.weights | ({"model": model.path} if model.path else {})
    if missing := [path for path in files.values() if not Path(path).exists()]:
        source = f"hf download {model.hub_id}" if model.hub_id else "download the weights"
        return Need(False, missing[0], f"{source}, or correct the path")
    return Need(True, ", ".join(files.values()) or model.hub_id or program)


def _factory(use: ClipUse) -> Any:
    from hoi_platform.services.runners import adapters, touch_adapters
    from hoi_platform.services.runners.shared import runner_of

    assert use.model.runner is not None
    sockets = {
        "masks": adapters.RunnerMaskTracker,
        "depth": adapters.RunnerDepthEstimator,
        "object_pose": adapters.RunnerObjectTracker,
        "human_pose": adapters.RunnerPoseEstimator,
        "hands": touch_adapters.RunnerHandTracker,
        "contact": touch_adapters.RunnerContactLabeler,
    }
    runner = runner_of(f"{use.role} ({use.name})", use.model.runner, use.environ)
    return sockets[use.role](
        adapters.RunnerBackend(use.name, use.role, use.model, runner, use.scratch())
    )


_ROLES: Final[tuple[Role, ...]] = (
    "masks",
    "depth",
    "object_pose",
    "human_pose",
    "hands",
    "contact",
)

for _role in _ROLES:
    register(
        Backend(
            _role,
            "runner",
            license=None,
            commercial_ok=False,
            factory=_factory,
            needs=_program_is_there,
            reads=_READS,
            options=None,
        )
    )
