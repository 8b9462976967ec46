"""What stages' settings are computed from."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.config.characters import CharacterConfig
from hoi_platform.core.config.objects import GraspHint, ObjectEntry
from hoi_platform.core.config.settings import Settings
from hoi_platform.core.scene.templates import SceneTemplate
from hoi_platform.services.configuration import ConfigFiles
from hoi_platform.services.meshes.catalogue import Catalogue

T = TypeVar("T")


class ClipIsReadError(Exception):
    """Something was computed for all clips of an object that differs by clip."""


@dataclass(frozen=True)
class Context:
    """Contents, read when a stage asks for them, and once for all clips of an object."""

    settings: Settings
    entry: ObjectEntry
    catalogue: Catalogue
    files: ConfigFiles
    scene_name: str
    subject: ObjectId | ClipId
    _read: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _shared: set[int] = field(default_factory=set, repr=False, compare=False)
    """The identities of what ``_read`` keeps alive and nobody changes."""

    def at(self, subject: ObjectId | ClipId) -> "Context":
        """The same for the object, or for another of its clips."""
        return replace(self, subject=subject)

    @property
    def object_id(self) -> ObjectId:
        """The object, also of a clip."""
        return self.subject.object_id if isinstance(self.subject, ClipId) else self.subject

    @property
    def clip(self) -> ClipId:
        assert isinstance(self.subject, ClipId)
        return self.subject

    @property
    def entry_digest(self) -> str:
        """Hash of what the entry's mesh is made from: its files, textures too."""
        return self._once("entry", lambda: self.catalogue.source_digest(self.object_id))

    @property
    def grasp(self) -> GraspHint | None:
        return self._once("grasp", lambda: self.catalogue.grasp(self.object_id))

    @property
    def scene(self) -> SceneTemplate:
        return self._once(
            "scene", lambda: self.files.scene(self.settings.gen_2dhoi, self.scene_name)
        )

    @property
    def character(self) -> CharacterConfig:
        return self._once("character", lambda: self.files.character(self.settings.gen_2dhoi))

    def plain(self, name: str, make: Callable[[], T]) -> T:
        """What ``make`` makes of all but the clip, made once per object. Not to be changed.

        ``name`` is that of the content, the same wherever it is needed.
        """
        made = self._once(f"plain {name}", make)
        self._shared.add(id(made))
        return made

    def is_shared(self, value: object) -> bool:
        """Whether it was made by ``plain``."""
        return id(value) in self._shared

    def _once(self, name: str, make: Callable[[], T]) -> T:
        if name not in self._read:
            self._read[name] = make()
        return cast(T, self._read[name])


class _OfAnyClip:
    """A context that refuses to say which clip it is for."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def clip(self) -> ClipId:
        raise ClipIsReadError

    @property
    def subject(self) -> ObjectId | ClipId:
        raise ClipIsReadError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def of_any_clip(context: Context) -> Context:
    """The context of an object's clips; raises ClipIsReadError where it matters which one."""
    return cast(Context, _OfAnyClip(context))
