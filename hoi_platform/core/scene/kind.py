"""The registry of kinds of scene: from a template's ``kind`` to its fields and its drawing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from hoi_platform.core.config.base import parse_config
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.registry import Registry
from hoi_platform.core.scene.drawing import SceneRequest
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform.core.scene.templates import FIRST_KIND, SceneTemplate


@dataclass(frozen=True)
class SceneKind:
    """One kind of scene."""

    name: str
    """The ``kind`` of its files."""
    template: type[SceneTemplate]
    """The fields of its files."""
    draw: Callable[[SceneRequest, np.random.Generator], SceneSpec]
    """One random scene; the same for the same state of the generator."""


SCENE_KINDS: Final = Registry("kind of scene", "hoi_platform.core.scene.kinds", "KINDS", SceneKind)


def parse_template(data: Any, source: str) -> SceneTemplate:
    """The content of a scene's file. Raises ConfigError with every mistake in it."""
    name = data.get("kind", FIRST_KIND) if isinstance(data, dict) else FIRST_KIND
    try:
        kind = SCENE_KINDS.find(name)
    except ConfigError as error:
        raise ConfigError(f"{source}: kind: {error}") from error
    return parse_config(kind.template, data, source)


def draw_scene(request: SceneRequest, rng: np.random.Generator) -> SceneSpec:
    """Draw a scene of the template's kind, without judging the result."""
    return SCENE_KINDS.find(request.template.kind).draw(request, rng)
