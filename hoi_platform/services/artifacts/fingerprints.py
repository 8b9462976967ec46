"""The identities that results have to have today; what an object's clips share is made once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.services.artifacts.context import ClipIsReadError, Context, of_any_clip
from hoi_platform.services.artifacts.record import canonical, digest_of_text

if TYPE_CHECKING:
    from hoi_platform.services.artifacts.stages import Stage

T = TypeVar("T")
_OF_OBJECTS: Final = frozenset(name for name, kind in ARTIFACTS.items() if kind.scope == "object")


@dataclass(frozen=True)
class Asked:
    """What a stage's result depends on, but for the fingerprints of its inputs."""

    stage: "Stage"
    backend: str
    settings: dict[str, Any]

    @classmethod
    def of(cls, stage: "Stage", context: Context) -> "Asked":
        return cls(stage, stage.backend(context.settings), stage.settings(context))

    @cached_property
    def _around(self) -> tuple[str, str]:
        """The canonical JSON before and after the inputs."""
        return self.around(canonical(self.settings))

    def around(self, settings: str) -> tuple[str, str]:
        """The same, given the canonical JSON of the settings."""
        name = self.stage.name
        before = {
            "asset": name,
            "backend": self.backend,
            "schema": ARTIFACTS[name].schema_version,
        }
        head = f'{canonical(before)[:-1]},"settings":{settings},"upstream":'
        return head, f',"version":{canonical(self.stage.version)}}}'

    def fingerprint(self, upstream: str, settings: str | None = None) -> str:
        """``fingerprint_of`` the whole, given the canonical JSON of its parts."""
        before, after = self._around if settings is None else self.around(settings)
        return digest_of_text(before + upstream + after)


@dataclass
class _Shared:
    """What the clips of one object have in common."""

    context: Context
    found: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Question and stage → the answer; None: it differs by clip."""
    demanded: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    texts: dict[int, tuple[object, str]] = field(default_factory=dict)
    """Identity of a shared value → the value, which keeps it alive, and its canonical JSON."""

    def answer(self, what: str, name: str, make: Callable[[Context], Any]) -> Any:
        """Made once for all clips; None where it differs by clip."""
        key = (what, name)
        if key not in self.found:
            try:
                self.found[key] = make(of_any_clip(self.context))
            except ClipIsReadError:
                self.found[key] = None
        return self.found[key]

    def canonical(self, settings: Mapping[str, Any]) -> str:
        """Of a clip's settings, of which most values are those of the other clips."""
        parts = [f"{canonical(k)}:{self._text(v)}" for k, v in sorted(settings.items())]
        return f"{{{','.join(parts)}}}"

    def _text(self, value: Any) -> str:
        if not self.context.is_shared(value):
            return canonical(value)
        if id(value) not in self.texts:
            self.texts[id(value)] = value, canonical(value)
        return self.texts[id(value)][1]


class Fingerprints:
    """Computes and remembers them for one set of stages and settings."""

    def __init__(
        self, stages: "Mapping[str, Stage]", context: Callable[[ObjectId | ClipId], Context]
    ) -> None:
        self._stages = stages
        self._context = context
        self._objects: dict[ObjectId, _Shared] = {}
        self._subjects: dict[ObjectId | ClipId, dict[str, str]] = {}

    def of(self, name: str, subject: ObjectId | ClipId) -> str:
        """The identity that the stage's result has to have."""
        return self._of(name, subject, self._shared(subject), self.known(subject))

    def known(self, subject: ObjectId | ClipId) -> dict[str, str]:
        """Stage → what was computed so far."""
        return self._subjects.setdefault(subject, {})

    def needed(self, name: str, subject: ObjectId | ClipId) -> tuple[str, ...]:
        """What has to be done before a stage, of which its fingerprint is made."""
        return self._needed(name, subject, self._shared(subject))

    def asked(self, name: str, subject: ObjectId | ClipId) -> Asked:
        """What a stage depends on but for its inputs."""
        return self._asked(name, subject, self._shared(subject))[0]

    def in_demand(self, names: Iterable[str], subject: ObjectId | ClipId) -> list[str]:
        """``names`` without the stages that are made on demand, where none of them demands it."""
        asked, shared = tuple(names), self._shared(subject)
        if asked in shared.demanded:
            return shared.demanded[asked]
        needed = {above for name in asked for above in self._needed(name, subject, shared)}
        found = [name for name in asked if not self._stages[name].on_demand or name in needed]
        if all(shared.found["needed", name] is not None for name in asked):
            shared.demanded[asked] = found
        return found

    def _shared(self, subject: ObjectId | ClipId) -> _Shared:
        object_id = subject.object_id if isinstance(subject, ClipId) else subject
        if object_id not in self._objects:
            self._objects[object_id] = _Shared(self._context(object_id))
        return self._objects[object_id]

    def _of(
        self, name: str, subject: ObjectId | ClipId, shared: _Shared, known: dict[str, str]
    ) -> str:
        if name not in known:
            parts = []
            for above in sorted(self._needed(name, subject, shared)):
                if above in _OF_OBJECTS and isinstance(subject, ClipId):
                    fingerprint = self.of(above, subject.object_id)
                else:
                    fingerprint = self._of(above, subject, shared, known)
                parts.append(f'"{above}":"{fingerprint}"')
            asked, settings = self._asked(name, subject, shared)
            known[name] = asked.fingerprint(f"{{{','.join(parts)}}}", settings)
        return known[name]

    def _needed(self, name: str, subject: ObjectId | ClipId, shared: _Shared) -> tuple[str, ...]:
        needed = self._stages[name].needed
        answer: tuple[str, ...] | None = shared.answer("needed", name, needed)
        return needed(self._context(subject)) if answer is None else answer

    def _asked(
        self, name: str, subject: ObjectId | ClipId, shared: _Shared
    ) -> tuple[Asked, str | None]:
        """What a stage is asked for; of one that reads the clip, its settings as JSON, too."""
        stage = self._stages[name]
        answer: Asked | None = shared.answer("asked", name, lambda c: Asked.of(stage, c))
        if answer is not None:
            return answer, None
        asked = Asked.of(stage, self._context(subject))
        return asked, shared.canonical(asked.settings)
