"""The video role as a Dagster resource: from the configured name to a backend."""

from collections.abc import Callable
from typing import Final

import dagster as dg

from hoi_platform.core.errors import ConfigError
from hoi_platform.resources.blender import BlenderResource
from hoi_platform.services.video.backend import VideoBackend


class VideoResource(dg.ConfigurableResource):
    """Video backends by the name that the configuration gives in ``video.model_api``."""

    blender: dg.ResourceDependency[BlenderResource]

    def backend(self, name: str) -> VideoBackend:
        """The backend; ConfigError lists the known ones when the name is unknown."""
        if name not in BACKENDS:
            raise ConfigError(f"unknown video backend {name!r}; known: {', '.join(BACKENDS)}")
        return BACKENDS[name](self)


def _simulated(resource: VideoResource) -> VideoBackend:
    from hoi_platform.services.video.simulated import SimulatedBackend

    return SimulatedBackend(resource.blender.service())


BACKENDS: Final[dict[str, Callable[[VideoResource], VideoBackend]]] = {"simulated": _simulated}
