"""A hand lamp, 0.17 m long, that stands on its wide head."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import block, lathe, place
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, Image

_HEAD, _TUBE, _LENGTH = 0.034, 0.019, 0.17
_ORANGE, _BLUE = (232, 112, 20), (30, 70, 150)


def build() -> LibraryObject:
    grasp = GraspHint(
        point=(0.0, 0.0, 0.115), approach=(-1.0, 0.0, 0.0), axis=(0.0, 0.0, 1.0), width=2 * _TUBE
    )
    return LibraryObject(TexturedMesh((_housing(), _switch())), grasp)


def _housing() -> MeshPart:
    profile = [(0.0, 0.0), (_HEAD - 0.002, 0.0), (_HEAD, 0.003), (_HEAD, 0.026), (0.024, 0.05)]
    profile += [(_TUBE, 0.06), (_TUBE, _LENGTH - 0.006), (_TUBE - 0.003, _LENGTH), (0.0, _LENGTH)]
    return lathe(profile, Material("housing", roughness=0.5, texture=_paint()), sides=48)


def _paint() -> Image:
    """v runs from the lens over the head and along the tube to its end."""
    texture = Canvas(768, 1024, _ORANGE)
    texture.rectangle((0, 0.86, 1, 1.0), WHITE)
    texture.stripes((0, 0.70, 1, 0.82), [BLACK, _ORANGE], 20)
    texture.rectangle((0, 0.10, 1, 0.16), _BLUE)
    texture.stripes((0, 0.50, 1, 0.53), [WHITE, _BLUE], 28, 0.01)
    for k in range(4):
        texture.text((k + 0.5) / 4, 0.34, "LUX", 70, WHITE if k % 2 else BLACK)
        texture.disk((k + 0.15) / 4, 0.24, 22, _BLUE)
        texture.polygon([(k / 4 + 0.16, 0.46), (k / 4 + 0.22, 0.46), (k / 4 + 0.19, 0.40)], WHITE)
    return texture.grain(np.random.default_rng(110), 4.0)


def _switch() -> MeshPart:
    red = Material("switch", (0.6, 0.02, 0.02), roughness=0.5)
    return place(block((0.006, 0.012, 0.022), 0.002, red), at=(_TUBE + 0.001, 0.0, 0.078))
