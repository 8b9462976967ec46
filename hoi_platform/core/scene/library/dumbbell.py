"""A light dumbbell with hexagonal heads, 0.17 m long, that lies with its bar along x."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import lathe, place, sweep
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, Image, steel

_BAR, _HEAD_RADIUS, _HEAD_LENGTH = 0.096, 0.032, 0.038
_TEAL, _PLUM = (24, 130, 134), (118, 40, 96)


def build() -> LibraryObject:
    grasp = GraspHint(
        point=(0.0, 0.0, 0.0), approach=(0.0, 0.0, -1.0), axis=(1.0, 0.0, 0.0), width=0.024
    )
    return LibraryObject(TexturedMesh((_bar(), _head(1, _TEAL), _head(-1, _PLUM))), grasp)


def _bar() -> MeshPart:
    x = np.linspace(-_BAR / 2 - 0.004, _BAR / 2 + 0.004, 22)
    t = np.linspace(-1, 1, 22)[:, None]
    radii = 0.0105 + 0.0018 * (1 - t**2)
    look = Material("knurled steel", roughness=0.4, metallic=0.5, texture=steel(256, 256, 90))
    return sweep(np.stack([x, 0 * x, 0 * x], axis=-1), np.hstack([radii, radii]), look, 24)


def _head(side: int, color: tuple[int, int, int]) -> MeshPart:
    """A hexagonal prism with beveled ends, about the x axis, flat side down."""
    half, r = _HEAD_LENGTH / 2, _HEAD_RADIUS
    profile = [(0.0, -half), (r - 0.005, -half), (r, -half + 0.005), (r, half - 0.005)]
    profile += [(r - 0.005, half), (0.0, half)]
    look = Material("rubber", roughness=0.8, texture=_rubber(color, "1" if side > 0 else "2"))
    prism = lathe(profile, look, sides=6)
    upright = place(prism, turn=(0.0, 0.0, np.pi / 6))
    along = place(upright, turn=(0.0, side * np.pi / 2, 0.0))
    return place(along, at=(side * (_BAR / 2 + half), 0.0, 0.0))


def _rubber(color: tuple[int, int, int], label: str) -> Image:
    """u goes around the six sides, v from the inner end over the sides to the outer end."""
    texture = Canvas(768, 512, color)
    for k in range(6):
        middle = (k + 0.5) / 6
        texture.rectangle((middle - 0.06, 0.36, middle + 0.06, 0.64), WHITE if k % 2 else BLACK)
        texture.text(middle, 0.5, label, 64, BLACK if k % 2 else WHITE)
        texture.disk(middle, 0.12, 16, WHITE)
        texture.disk(middle - 0.05, 0.85, 12, BLACK)
    texture.stripes((0, 0.30, 1, 0.34), [WHITE, color], 36)
    return texture.grain(np.random.default_rng(91 + int(label)))
