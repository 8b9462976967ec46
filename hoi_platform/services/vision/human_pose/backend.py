"""The known backends of the role ``human_pose``."""

from collections.abc import Callable
from typing import Final

from hoi_platform.core.errors import ConfigError
from hoi_platform.services.vision.human_pose.protocol import HumanPoseEstimator


def _mediapipe() -> HumanPoseEstimator:
    from hoi_platform.services.vision.human_pose.mediapipe_estimator import MediapipeEstimator

    return MediapipeEstimator()


BACKENDS: Final[dict[str, Callable[[], HumanPoseEstimator]]] = {"mediapipe": _mediapipe}


def human_pose_backend(name: str) -> HumanPoseEstimator:
    """The estimator of that name. Raises ConfigError with the known names."""
    if name not in BACKENDS:
        raise ConfigError(
            f"unknown human pose backend {name!r}; known: {', '.join(BACKENDS)}; "
            "set human_model.backend"
        )
    return BACKENDS[name]()
