"""The registry of backends: role and name → how one is made, configured and licensed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.config.base import Config, hint
from hoi_platform.core.errors import ConfigError, MissingResourceError
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
    """Whether it can run here, found out without loading anything heavy: for ``hoi doctor``, and
    before its factory is called."""
    reads: frozenset[str] = field(default_factory=frozenset)
    """Fields of ``ModelConfig`` that it honors besides the license; others are refused."""
    version: str = ""
    """Raised when a change of its code changes results: part of the fingerprint of the stages that
    ask it and of the name in the record. Empty: covered by the version of its stage, as are those
    of this platform."""
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
        """What the factory makes. Raises MissingResourceError where a package is missing, or what
        ``needs`` looks for; keys of paid services are asked for where they are used."""
        extras.require(self.extra, f"{self.role}: {self.name}")
        if not self.paid:
            need = self.needs(use.model, use.environ)
            if not need.found:
                what = f"{need.where} is not there" if need.where else "something is missing"
                raise MissingResourceError(f"{self.role}: {self.name}: {what}; {need.cure}")
        return self.factory(use)

    def need(self, model: ModelConfig, environ: Mapping[str, str]) -> Need:
        """Whether it can run here: first its packages, then its own check."""
        if self.extra is not None and (absent := extras.missing(self.extra)):
            return Need(False, f"without {', '.join(absent)}", extras.cure(self.extra))
        return self.needs(model, environ)


_FOLDER: Final = "hoi_platform/services/backends/shipped"
"""Where backends are registered."""
_REGISTRY: Final[dict[tuple[str, str], Backend]] = {}


def register(backend: Backend) -> None:
    """Make a backend known. Raises ConfigError for an unknown role, a name that the role has
    already, and a field in ``reads`` that no model has."""
    key, which = (backend.role, backend.name), f"backend {backend.name!r}"
    if backend.role not in ROLES:
        raise ConfigError(f"{which}: unknown role {backend.role!r}; {hint(backend.role, ROLES)}")
    if key in _REGISTRY:
        other = _REGISTRY[key].factory.__module__
        raise ConfigError(
            f"{which}: the role {backend.role} has one already, in {other}; rename it"
        )
    for field_name in sorted(backend.reads - ModelConfig.model_fields.keys()):
        near = hint(field_name, [*ModelConfig.model_fields])
        raise ConfigError(f"{which}: reads: no field {field_name!r} of a model; {near}")
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
        raise ConfigError(
            f"{key}: {name!r} is not known; known: {names}; a file in {_FOLDER} that calls "
            "register adds one"
        )
    return known[name]
