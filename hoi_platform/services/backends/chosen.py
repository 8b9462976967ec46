"""What the configuration chooses for each role, what is wrong with it, and its terms."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.config.base import parse_config, shortened
from hoi_platform.core.config.gen_2dhoi import PROMPTLESS_VIDEO
from hoi_platform.core.config.settings import Settings
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.licensing import License, stated
from hoi_platform.services.backends.registry import Backend, Role, backends, find_backend


@dataclass(frozen=True)
class RoleKeys:
    """Where a role's backend is configured, and which stages ask for it."""

    stages: tuple[str, ...]
    name: str
    model: str
    asked_by: Role | None = None
    """The role whose backend asks this one; None: the stages do."""


_RECON: Final = "recon_4dhoi"
_GEN: Final = "gen_2dhoi"
_HUMAN: Final = f"{_RECON}.human_model"
_TRACKS: Final = f"{_RECON}.tracks"
_OBJECT: Final = f"{_RECON}.obj_pose_tracking"
ROLE_KEYS: Final[dict[Role, RoleKeys]] = {
    "video": RoleKeys(
        ("video_task", "interaction_video"), f"{_GEN}.video.model_api", f"{_GEN}.video.model"
    ),
    "vision_model": RoleKeys(
        ("video_prompt", "object_scale"),
        f"{_GEN}.chatgpt.backend",
        f"{_GEN}.chatgpt.backend_model",
    ),
    "human_pose": RoleKeys(("human_pose",), f"{_HUMAN}.backend", f"{_HUMAN}.model"),
    "hands": RoleKeys(
        ("human_pose",), f"{_HUMAN}.hands_backend", f"{_HUMAN}.hands_model", asked_by="human_pose"
    ),
    "masks": RoleKeys(("scene_tracks",), f"{_TRACKS}.backend", f"{_TRACKS}.masks_model"),
    "depth": RoleKeys(("scene_tracks",), f"{_TRACKS}.depth_backend", f"{_TRACKS}.depth_model"),
    "object_pose": RoleKeys(("object_pose",), f"{_OBJECT}.backend", f"{_OBJECT}.model"),
    "contact": RoleKeys(
        ("contact_labels",), f"{_RECON}.contact.backend", f"{_RECON}.contact.model"
    ),
}
"""Every role's name and ``ModelConfig``."""

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


def is_asked(role: Role, settings: Settings) -> bool:
    """Whether a clip with these settings asks a backend of the role."""
    gen, asker = settings.gen_2dhoi, ROLE_KEYS[role].asked_by
    if role == "vision_model":
        prompted = gen.video.model_api not in PROMPTLESS_VIDEO
        refines = prompted and not gen.video.skip_prompt_refinement
        return refines or not gen.skip_step2
    return asker is None or role in chosen(asker, settings).backend.asks


def team(role: Role, settings: Settings) -> list[Choice]:
    """The choice for a role, and those for the roles that its backend asks."""
    first = chosen(role, settings)
    return [first, *(chosen(other, settings) for other in sorted(first.backend.asks))]


def terms_of(settings: Settings, *roles: Role) -> list[License]:
    """The licenses of the backends that fill these roles, and of those that they ask."""
    return [choice.license for role in roles for choice in team(role, settings)]


def versions_of(settings: Settings, *roles: Role) -> dict[str, Any]:
    """The part of a stage's settings that the versions of its backends make up; a backend without
    one adds none."""
    choices = [choice for role in roles for choice in team(role, settings)]
    found = {choice.role: choice.backend.version for choice in choices if choice.backend.version}
    return {"backend_versions": found} if found else {}


def unknown_backends(settings: Settings) -> Iterator[tuple[str, str]]:
    """Keys whose value names no backend, each with what is wrong.

    Raises ConfigError for a backend's file that is wrong itself.
    """
    backends()
    for role, keys in ROLE_KEYS.items():
        try:
            chosen(role, settings)
        except ConfigError as error:
            yield keys.name, str(error)


def model_mistakes(settings: Settings, stages: Collection[str]) -> Iterator[tuple[str, str]]:
    """Keys of models that the backend of one of the stages cannot honor, with what is wrong."""
    for role, keys in ROLE_KEYS.items():
        if not {*keys.stages}.isdisjoint(stages):
            yield from _mistakes(chosen(role, settings), keys.model)
            yield from _unasked(role, keys, settings)


def _unasked(role: Role, keys: RoleKeys, settings: Settings) -> Iterator[tuple[str, str]]:
    """Keys of a role that no stage asks with these settings."""
    if keys.asked_by is None or is_asked(role, settings):
        return
    asker = chosen(keys.asked_by, settings).backend
    usual = Settings()
    for path in (keys.name, keys.model):
        if attrgetter(path)(settings) != attrgetter(path)(usual):
            yield (
                path,
                f"{path.partition('.')[2]} is not read: the {asker.role} backend {asker.name!r} "
                f"asks no {role} backend; remove the key, or choose one that does",
            )


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
