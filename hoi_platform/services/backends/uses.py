"""What the factories of backends are given, role by role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.config.gen_2dhoi import ChatGptConfig, VideoConfig
from hoi_platform.services.backends.registry import Role

if TYPE_CHECKING:
    import httpx

    from hoi_platform.services.blender.service import BlenderService
    from hoi_platform.services.models.endpoint import ChatEndpoint


@dataclass(frozen=True, kw_only=True)
class Use:
    """What every factory is given."""

    role: Role
    name: str
    model: ModelConfig
    environ: Mapping[str, str]
    """The environment, of which runners get a few variables."""


@dataclass(frozen=True, kw_only=True)
class ClipUse(Use):
    """For the vision roles, whose sockets are made for one stage of one clip."""

    scratch: Callable[[], Path]
    """An empty folder on the results' disk, which is gone after the stage."""
    peer: Callable[[Role], Any]
    """The configured backend of another role, for backends that are made of several."""


@dataclass(frozen=True, kw_only=True)
class VideoUse(Use):
    """For the role ``video``: makes a ``VideoBackend``, or a ``VideoProvider`` if it is paid."""

    config: VideoConfig
    blender: Callable[[], "BlenderService"]
    key: Callable[[str], str | None]
    """Reads the key of a paid service, which is secret from then on."""


@dataclass(frozen=True, kw_only=True)
class VisionUse(Use):
    """For the role ``vision_model``: makes what answers questions, or an endpoint if it is paid."""

    config: ChatGptConfig
    purpose: str
    """What asks, for the error that a key is missing."""
    way_out: str
    """What the user can do without one."""
    key: Callable[[str], str | None]
    """Reads the key of a paid service, which is secret from then on."""
    transport: "httpx.BaseTransport | None" = None
    """What replaces the network."""


class PaidEndpoint(NamedTuple):
    """What a paid vision model's factory makes."""

    endpoint: "ChatEndpoint"
    account: str
    """Its name in the ledger."""
