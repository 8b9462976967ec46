"""Backends that run in this process without a weight of the user's."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.services.backends.registry import Backend, Need, register
from hoi_platform.services.backends.uses import ClipUse, Use, VideoUse


def _mediapipe_is_there(_model: ModelConfig, _environ: Mapping[str, str]) -> Need:
    try:
        return Need(True, f"mediapipe {version('mediapipe')}")
    except PackageNotFoundError:
        return Need(False, cure="make setup")


def _body(use: ClipUse) -> Any:
    from hoi_platform.services.vision.human_pose import MediapipeEstimator

    return MediapipeEstimator(hands=use.peer("hands"))


def _hands(_use: Use) -> Any:
    from hoi_platform.services.vision.hands import MediapipeHands

    return MediapipeHands()


def _background(_use: Use) -> Any:
    from hoi_platform.services.vision.scene_tracks import PlateMaskTracker

    return PlateMaskTracker()


def _plate(_use: Use) -> Any:
    from hoi_platform.services.vision.scene_tracks import PlateDepthEstimator

    return PlateDepthEstimator()


def _model_based(_use: Use) -> Any:
    from hoi_platform.services.vision.object_pose import ModelBasedTracker

    return ModelBasedTracker()


def _geometric(_use: Use) -> Any:
    from hoi_platform.services.vision.contact import GeometricLabeler

    return GeometricLabeler()


def _simulated(use: VideoUse) -> Any:
    from hoi_platform.services.video.simulated import SimulatedBackend

    return SimulatedBackend(use.blender())


def _imported(_use: VideoUse) -> Any:
    from hoi_platform.services.video.imported import ImportedBackend

    return ImportedBackend()


_LICENSE = "Apache-2.0"
_SIMULATED = ("simulated_fps", "simulated_frames", "simulated_samples")

register(Backend("video", "simulated", _LICENSE, True, _simulated, sends=_SIMULATED))
register(Backend("video", "imported", None, False, _imported))
register(
    Backend(
        *("human_pose", "mediapipe", _LICENSE, True, _body, _mediapipe_is_there),
        asks=frozenset({"hands"}),
    )
)
register(Backend("hands", "mediapipe", _LICENSE, True, _hands, _mediapipe_is_there))
register(Backend("masks", "background", _LICENSE, True, _background))
register(Backend("depth", "plate", _LICENSE, True, _plate))
register(Backend("object_pose", "model_based", _LICENSE, True, _model_based))
register(Backend("contact", "geometric", _LICENSE, True, _geometric))
