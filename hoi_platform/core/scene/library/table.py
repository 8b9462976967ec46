"""The library's objects by category."""

from collections.abc import Callable
from typing import Final

from hoi_platform.core.scene.library import (
    box,
    cordless_drill,
    mug,
)
from hoi_platform.core.scene.library.base import LibraryObject

BUILDERS: Final[dict[str, Callable[[], LibraryObject]]] = {
    "cordless_drill": cordless_drill.build,
    "mug": mug.build,
    "box": box.build,
}
