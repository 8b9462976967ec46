"""A 0.22 m drinking bottle: round in shape, told apart by its label."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import lathe
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, Image

_RADIUS = 0.031
_GREEN, _LEMON, _SKY, _PINK = (28, 120, 66), (246, 220, 60), (70, 160, 220), (222, 60, 120)


def build() -> LibraryObject:
    grasp = GraspHint(
        point=(0.0, 0.0, 0.085), approach=(-1.0, 0.0, 0.0), axis=(0.0, 0.0, 1.0), width=2 * _RADIUS
    )
    return LibraryObject(TexturedMesh((_body(), _label(), _cap())), grasp)


def _body() -> MeshPart:
    profile = [(0, 0.004), (0.022, 0.002), (0.026, 0.0), (_RADIUS - 0.001, 0.004), (_RADIUS, 0.012)]
    profile += [(_RADIUS, 0.135), (0.029, 0.15), (0.024, 0.163), (0.0165, 0.176), (0.0135, 0.186)]
    profile += [(0.0135, 0.2), (0.0, 0.2)]
    look = Material("plastic", (0.02, 0.16, 0.09), roughness=0.2)
    return lathe(profile, look, sides=40)


def _label() -> MeshPart:
    """A sleeve half a millimeter thick."""
    r = _RADIUS + 0.0005
    profile = [(0, 0.034), (r, 0.034), (r, 0.128), (0, 0.128)]
    look = Material("label", roughness=0.6, texture=_label_texture())
    return lathe(profile, look, sides=40)


def _label_texture() -> Image:
    """v runs over the lower lid, the sleeve and the upper lid: the sleeve is 0.25..0.75 of it."""
    sleeve = Canvas(1024, 512, WHITE)
    sleeve.rectangle((0, 0, 1, 0.12), _GREEN)
    sleeve.stripes((0, 0.86, 1, 1), [_SKY, _LEMON, _PINK], 21, 0.03)
    sleeve.rectangle((0.30, 0.18, 0.70, 0.80), _SKY, 0.08)
    sleeve.text(0.5, 0.36, "AQUA", 130, WHITE)
    sleeve.text(0.5, 0.64, "lemon", 96, _LEMON)
    sleeve.disk(0.15, 0.48, 110, _LEMON)
    for k in range(8):
        c, s = np.cos(k * np.pi / 4), np.sin(k * np.pi / 4)
        sleeve.line([(0.15, 0.48), (0.15 + 0.09 * c, 0.48 + 0.18 * s)], WHITE, 8)
    rng = np.random.default_rng(41)
    sleeve.barcode((0.74, 0.18, 0.86, 0.5), rng)
    sleeve.lines_of_text((0.73, 0.54, 0.95, 0.82), 6, BLACK, rng)
    sleeve.polygon([(0.9, 0.2), (0.96, 0.34), (0.9, 0.48)], _PINK)
    whole = Canvas(1024, 808, WHITE)
    lid = _RADIUS / (2 * _RADIUS + 0.094)
    whole.paste(sleeve, (0, lid, 1, 1 - lid))
    return whole.grain(np.random.default_rng(42), 4.0)


def _cap() -> MeshPart:
    texture = Canvas(512, 64, _PINK)
    texture.stripes((0, 0.25, 1, 0.62), [_PINK, (168, 36, 84)], 60)
    profile = [(0, 0.19), (0.0165, 0.19), (0.0165, 0.216), (0.015, 0.22), (0.0, 0.22)]
    look = Material("cap", roughness=0.5, texture=texture.grain(np.random.default_rng(43)))
    return lathe(profile, look, sides=40)
