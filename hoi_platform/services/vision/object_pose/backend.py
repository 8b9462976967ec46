"""The known backends of the role ``object_pose``."""

from collections.abc import Callable
from typing import Final

from hoi_platform.core.errors import ConfigError
from hoi_platform.services.vision.object_pose.protocol import ObjectPoseTracker


def _model_based() -> ObjectPoseTracker:
    from hoi_platform.services.vision.object_pose.model_based import ModelBasedTracker

    return ModelBasedTracker()


BACKENDS: Final[dict[str, Callable[[], ObjectPoseTracker]]] = {"model_based": _model_based}


def object_tracker(name: str) -> ObjectPoseTracker:
    """The tracker of that name. Raises ConfigError with the known names."""
    if name not in BACKENDS:
        raise ConfigError(
            f"unknown object pose backend {name!r}; known: {', '.join(BACKENDS)}; "
            "set obj_pose_tracking.backend"
        )
    return BACKENDS[name]()
