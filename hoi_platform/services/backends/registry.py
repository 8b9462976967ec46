"""The registry of backends: role and name → how one is made, configured and licensed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.config.base import Config
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.registry import modules_of
from hoi_platform.services.backends import extras, shipped
from hoi_platform.services.backends.extras import Extra

Role = Literal[
    "video", "vision_model", "human_pose", "hands", "masks", "depth", "object_pose", "contact"
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True)
class Need:
    """Whether a backend can run on this machine."""

    found: bool
    where: str = ""
    """Path or hub id of its weights, version of its package, or the program."""
    cure: str = ""


class NoOptions(Config):
    """Of a backend that understands no options."""


def always_there(_model: ModelConfig, _environ: Mapping[str, str]) -> Need:
    """For a backend that is part of the platform."""
    return Need(True, "embedded")


@dataclass(frozen=True)
class Backend:
    """One way of filling a role."""

    role: Role
    name: str
    license: str | None
    """SPDX identifier or the license's own name; None: the configuration has to state it."""
    commercial_ok: bool
    factory: Callable[[Any], Any]
    """Makes the role's socket from its ``Use`` (``uses``)."""
    needs: Callable[[ModelConfig, Mapping[str, str]], Need] = always_there
    """Checks without loading anything heavy."""
    reads: frozenset[str] = field(default_factory=frozenset)
    """Fields of ``ModelConfig`` that it honors besides the license; others are refused."""
    options: type[Config] | None = NoOptions
    """The model of ``ModelConfig.options``; None: they are passed on as they are."""
    asks: frozenset[Role] = frozenset()
    """Roles whose configured backend it asks (``ClipUse.peer``)."""
    paid: bool = False
    """Whether a service bills each request: the factory makes what sends it, and the role's
    resource wraps that in the ledger."""
    extra: Extra | None = None
    """The optional packages that it needs; they are checked before its factory runs."""
    sends: tuple[str, ...] = ()
    """Of a video backend: the fields of ``VideoConfig`` that make two requests two."""

    def make(self, use: Any) -> Any:
        """What the factory makes. Raises MissingResourceError where a package is missing."""
        extras.require(self.extra, f"{self.role}: {self.name}")
        return self.factory(use)

    def need(self, model: ModelConfig, environ: Mapping[str, str]) -> Need:
        """Whether it can run here: first its packages, then its own check."""
        if self.extra is not None and (absent := extras.missing(self.extra)):
            return Need(False, f"without {', '.join(absent)}", extras.cure(self.extra))
        return self.needs(model, environ)


_REGISTRY: Final[dict[tuple[str, str], Backend]] = {}


def register(backend: Backend) -> None:
    """Make a backend known. Raises ConfigError for a name that the role has already."""
    key = (backend.role, backend.name)
    if key in _REGISTRY:
        raise ConfigError(f"two backends of the role {backend.role} are called {backend.name!r}")
    _REGISTRY[key] = backend


def backends(role: Role | None = None) -> list[Backend]:
    """All known backends, or those of a role, by role and name."""
    modules_of(shipped.__name__)  # importing them registers what they have
    found = [b for b in _REGISTRY.values() if role in (None, b.role)]
    return sorted(found, key=lambda b: (ROLES.index(b.role), b.name))


def is_free(role: Role, name: str) -> bool:
    """Whether a backend bills nothing; an unknown or former one may have."""
    return any(backend.name == name and not backend.paid for backend in backends(role))


def find_backend(role: Role, name: str, key: str) -> Backend:
    """Raises ConfigError with the known names; ``key`` is the configuration's."""
    known = {backend.name: backend for backend in backends(role)}
    if name not in known:
        names = ", ".join(repr(other) for other in known)
        raise ConfigError(f"{key}: {name!r} is not known; known: {names}")
    return known[name]
