"""The library's objects by category."""

from collections.abc import Callable
from typing import Final

from hoi_platform.core.scene.library import (
    ball,
    bottle,
    box,
    chair,
    cordless_drill,
    dumbbell,
    flashlight,
    frypan,
    hammer,
    kettle,
    mug,
    suitcase,
)
from hoi_platform.core.scene.library.base import LibraryObject

BUILDERS: Final[dict[str, Callable[[], LibraryObject]]] = {
    "cordless_drill": cordless_drill.build,
    "mug": mug.build,
    "hammer": hammer.build,
    "suitcase": suitcase.build,
    "chair": chair.build,
    "box": box.build,
    "bottle": bottle.build,
    "ball": ball.build,
    "frypan": frypan.build,
    "dumbbell": dumbbell.build,
    "kettle": kettle.build,
    "flashlight": flashlight.build,
}
