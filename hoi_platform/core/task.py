"""The registry of tasks: what a person does with an object, and what is configured for it."""

from dataclasses import dataclass
from typing import Any, Final

from hoi_platform.core.registry import Registry


@dataclass(frozen=True)
class Task:
    """One task."""

    name: str
    performance: str
    """Kind of performance that a simulated clip shows (``core.scene.performance.kind``)."""
    gen_config: str
    """Name of its file in ``configs/gen_2dhoi``; tasks may share one."""
    recon_config: str
    """Name of its file in ``configs/recon_4dhoi``."""
    prompts: tuple[str, ...] = ()
    """Base prompts in place of those of ``gen_config``."""
    skipped_checks: frozenset[str] = frozenset()
    """Checks of the filter that say nothing about its clips."""

    def layer(self) -> dict[str, Any]:
        """What the task lays over its file of the 2D stage."""
        prompts = {"video": {"base_prompt": list(self.prompts)}} if self.prompts else {}
        return {"task": self.name} | prompts


TASKS: Final = Registry("task", "hoi_platform.core.tasks", "TASKS", Task)
