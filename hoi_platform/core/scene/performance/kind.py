"""What a performance is, and the registry of its kinds: what the person does, by name."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.registry import Registry
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.task import TASKS


@dataclass(frozen=True)
class Performance:
    """What a person does in a scene: motion, object poses and contacts, all exact."""

    motion: BodyMotion
    Ts_world_object: Array  # (T, 4, 4)
    contact: NDArray[np.bool_]  # (T, 2) left, right hand touches the object
    phases: list[tuple[str, float, float]]
    """(name, start, end) in seconds, without gaps."""


class Perform(Protocol):
    """Makes one performance; the same for the same arguments and state of ``rng``."""

    def __call__(
        self,
        body: BodyModel,
        spec: SceneSpec,
        mesh: TriangleMesh,
        frames: int,
        fps: float,
        rng: np.random.Generator,
        grasp: GraspHint | None = None,
    ) -> Performance:
        """``mesh`` in meters, ``grasp`` in the units of the unscaled mesh.

        Raises StageError where the scene lacks what the kind needs, and where every plan breaks
        a law.
        """
        ...


@dataclass(frozen=True)
class PerformanceKind:
    """What a person does in one kind of performance."""

    name: str
    perform: Perform


def performance_of(task: str) -> PerformanceKind:
    """What a person does in a task. Raises ConfigError for an unknown task, or one of a kind of
    performance that does not exist."""
    return PERFORMANCES.find(TASKS.find(task).performance)


PERFORMANCES: Final = Registry(
    "kind of performance", "hoi_platform.core.scene.performance.kinds", "KINDS", PerformanceKind
)
