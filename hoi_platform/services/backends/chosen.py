"""What the configuration chooses for each role, what is wrong with it, and its terms."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.config.base import parse_config, shortened
from hoi_platform.core.config.settings import Settings
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.licensing import License, stated
from hoi_platform.services.backends.registry import Backend, Role, find_backend


@dataclass(frozen=True)
class RoleKeys:
    """Where a role's backend stands in the configuration, and who asks for it."""

    stage: str
    name: str
    model: str


_RECON: Final = "recon_4dhoi"
ROLE_KEYS: Final[dict[Role, RoleKeys]] = {
    "human_pose": RoleKeys(
        "human_pose", f"{_RECON}.human_model.backend", f"{_RECON}.human_model.model"
    ),
    "hands": RoleKeys(
        "human_pose", f"{_RECON}.human_model.hands_backend", f"{_RECON}.human_model.hands_model"
    ),
    "masks": RoleKeys("scene_tracks", f"{_RECON}.tracks.backend", f"{_RECON}.tracks.masks_model"),
    "depth": RoleKeys(
        "scene_tracks", f"{_RECON}.tracks.depth_backend", f"{_RECON}.tracks.depth_model"
    ),
    "object_pose": RoleKeys(
        "object_pose", f"{_RECON}.obj_pose_tracking.backend", f"{_RECON}.obj_pose_tracking.model"
    ),
    "contact": RoleKeys("contact_labels", f"{_RECON}.contact.backend", f"{_RECON}.contact.model"),
}
"""Roles whose backend is configured by name and ``ModelConfig``."""

_STATEMENTS: Final = frozenset({"license", "commercial_ok"})


@dataclass(frozen=True)
class Choice:
    """The backend of a role and its configuration."""

    role: Role
    backend: Backend
    model: ModelConfig

    @property
    def license(self) -> License:
        """What the configuration states, else the backend's own terms."""
        part = f"{self.role}: {self.backend.name}"
        model, permitted = self.model, self.model.commercial_ok
        if permitted is None and model.license is None:
            permitted = self.backend.commercial_ok
        return stated(part, model.license or self.backend.license, permitted)


def chosen(role: Role, settings: Settings) -> Choice:
    """Raises ConfigError, which lists the known names, for an unknown one."""
    keys = ROLE_KEYS[role]
    key = keys.name.partition(".")[2]
    backend = find_backend(role, attrgetter(keys.name)(settings), key)
    return Choice(role, backend, attrgetter(keys.model)(settings))


def terms_of(settings: Settings, *roles: Role) -> list[License]:
    """The licenses of the backends that fill these roles."""
    return [chosen(role, settings).license for role in roles]


def unknown_backends(settings: Settings) -> Iterator[tuple[str, str]]:
    """Keys whose value names no backend, each with what is wrong."""
    for role, keys in ROLE_KEYS.items():
        try:
            chosen(role, settings)
        except ConfigError as error:
            yield keys.name, str(error)


def model_mistakes(settings: Settings, stages: Collection[str]) -> Iterator[tuple[str, str]]:
    """Keys of models that the backend of one of the stages cannot honor, with what is wrong."""
    for role, keys in ROLE_KEYS.items():
        if keys.stage in stages:
            yield from _mistakes(chosen(role, settings), keys.model)


def _mistakes(choice: Choice, path: str) -> Iterator[tuple[str, str]]:
    backend, model, default = choice.backend, choice.model, ModelConfig()
    key = path.partition(".")[2]
    for name in ModelConfig.model_fields:
        value = getattr(model, name)
        if name not in backend.reads | _STATEMENTS and value != getattr(default, name):
            yield (
                f"{path}.{name}",
                f"{key}.{name}: {shortened(value)} is not read by {backend.name}; remove the key, "
                "or choose a backend that reads it",
            )
    if "runner" in backend.reads and model.runner is None:
        yield path, f"{key}.runner.command: {backend.name} needs the program that it is to run"
    if backend.options is not None and "options" in backend.reads:
        try:
            parse_config(backend.options, model.options, f"{key}.options")
        except ConfigError as error:
            yield path, str(error)
