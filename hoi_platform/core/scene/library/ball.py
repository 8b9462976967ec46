"""A play ball of 0.075 m: a sphere in shape, its six panels all different."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import lathe
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, Color, Image

_RADIUS = 0.0375
_PANELS: tuple[Color, ...] = (
    (214, 40, 40), WHITE, (30, 100, 200), (250, 200, 30), WHITE, (40, 150, 80)
)  # fmt: skip


def build() -> LibraryObject:
    angle = np.linspace(-np.pi / 2, np.pi / 2, 25)
    profile = [(_RADIUS * np.cos(a), _RADIUS * np.sin(a)) for a in angle]
    profile[0], profile[-1] = (0.0, -_RADIUS), (0.0, _RADIUS)
    skin = lathe(profile, Material("ball", roughness=0.5, texture=_texture()), sides=48)
    grasp = GraspHint(
        point=(0.0, 0.0, 0.0), approach=(0.0, 0.0, -1.0), axis=(1.0, 0.0, 0.0), width=2 * _RADIUS
    )
    return LibraryObject(TexturedMesh((skin,)), grasp)


def _texture() -> Image:
    texture = Canvas(1024, 512, WHITE)
    for k, color in enumerate(_PANELS):
        texture.rectangle((k / 6, 0, (k + 1) / 6, 1), color)
        texture.rectangle((k / 6 - 0.004, 0, k / 6 + 0.004, 1), BLACK)
    texture.rectangle((0, 0, 1, 0.12), BLACK)
    texture.rectangle((0, 0.90, 1, 1), (120, 40, 150))
    for k, sign in enumerate("A1B2C3"):
        x, ink = (k + 0.5) / 6, BLACK if k in (1, 3, 4) else WHITE
        texture.text(x, 0.5, sign, 120, ink)
        texture.disk(x - 0.03, 0.28 + 0.02 * k, 12 + 3 * k, ink)
        texture.disk(x + 0.03, 0.76 - 0.02 * k, 26 - 3 * k, ink)
    return texture.grain(np.random.default_rng(50), 4.0)
