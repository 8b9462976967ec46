"""A doll's chair, 0.26 m high: taken by the top rail of its back."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import block, place
from hoi_platform.core.scene.library.textures import WHITE, Canvas, Image, six_tiles, wood

_WIDTH, _DEPTH, _SEAT, _HEIGHT, _LEG = 0.14, 0.14, 0.115, 0.26, 0.014
_TEAL, _NAVY, _CORAL, _YELLOW = (30, 130, 140), (24, 40, 90), (232, 90, 70), (248, 204, 70)


def build() -> LibraryObject:
    timber = Material("timber", roughness=0.6, texture=wood(384, 256, "v", 70))
    parts = [*_legs(timber), *_braces(timber), _seat(timber), _cushion(), *_back(timber)]
    grasp = GraspHint(
        point=(0.0, _DEPTH / 2 - _LEG / 2, _HEIGHT - 0.008),
        approach=(0.0, 0.0, -1.0),
        axis=(1.0, 0.0, 0.0),
        width=_LEG,
    )
    return LibraryObject(TexturedMesh(tuple(parts)), grasp)


def _bar(
    low: tuple[float, float, float], high: tuple[float, float, float], look: Material
) -> MeshPart:
    a, b = np.array(low), np.array(high)
    x, y, z = (a + b) / 2
    size = b - a
    bar = block((size[0], size[1], size[2]), min(0.003, 0.4 * size.min()), look, pitch=0.02)
    return place(bar, at=(x, y, z))


def _legs(look: Material) -> list[MeshPart]:
    x, y = _WIDTH / 2, _DEPTH / 2
    return [
        _bar((sx - _LEG / 2, sy - _LEG / 2, 0.0), (sx + _LEG / 2, sy + _LEG / 2, top), look)
        for sx in (_LEG / 2 - x, x - _LEG / 2)
        for sy, top in ((_LEG / 2 - y, _SEAT), (y - _LEG / 2, _HEIGHT - 0.004))
    ]


def _braces(look: Material) -> list[MeshPart]:
    x, y = _WIDTH / 2, _DEPTH / 2
    sides = [
        _bar((sx - 0.004, -y + 0.006, 0.035), (sx + 0.004, y - 0.006, 0.047), look)
        for sx in (_LEG / 2 - x, x - _LEG / 2)
    ]
    return [*sides, _bar((-x + 0.006, -0.004, 0.037), (x - 0.006, 0.004, 0.045), look)]


def _seat(look: Material) -> MeshPart:
    x, y = _WIDTH / 2, _DEPTH / 2
    return _bar((-x - 0.004, -y - 0.006, _SEAT - 0.012), (x + 0.004, y - _LEG + 0.002, _SEAT), look)


def _cushion() -> MeshPart:
    size = (_WIDTH - 0.014, _DEPTH - 0.026, 0.018)
    tiles = [Canvas(256, 64, color) for color in (_CORAL, _CORAL, _YELLOW, _NAVY)]
    for tile in tiles:
        tile.stripes((0, 0, 1, 1), [_TEAL, WHITE], 9)
    material = Material("cushion", roughness=0.9, texture=_cloth(tiles))
    cushion = block(size, 0.007, material, pitch=0.012)
    return place(cushion, at=(0.0, -0.008, _SEAT + size[2] / 2 - 0.002))


def _cloth(sides: list[Canvas]) -> Image:
    top = Canvas(256, 256, _TEAL)
    rng = np.random.default_rng(71)
    for row in range(5):
        for column in range(5):
            color = (_CORAL, _YELLOW, WHITE)[rng.integers(3)]
            x, y = (column + 0.5) / 5, (row + 0.5) / 5
            if rng.random() < 0.5:
                top.disk(x, y, 17, color)
            else:
                top.rectangle((x - 0.06, y - 0.06, x + 0.06, y + 0.06), color)
    return six_tiles([*sides, top, Canvas(256, 256, _NAVY)]).grain(np.random.default_rng(72))


def _back(look: Material) -> list[MeshPart]:
    """A painted top rail, a lower rail and three slats of different colors."""
    x, y = _WIDTH / 2 - 0.002, _DEPTH / 2
    near, far = y - _LEG, y
    slats = [
        _bar(
            (center - 0.009, near + 0.004, _SEAT + 0.035),
            (center + 0.009, far - 0.004, _HEIGHT - 0.02),
            Material(f"slat{k}", color, roughness=0.5),
        )
        for k, (center, color) in enumerate(
            [(-0.032, (0.75, 0.1, 0.06)), (0.0, (0.9, 0.6, 0.05)), (0.032, (0.02, 0.2, 0.26))]
        )
    ]
    low = _bar((-x, near + 0.001, _SEAT + 0.03), (x, far - 0.001, _SEAT + 0.044), look)
    return [_top_rail(), low, *slats]


def _top_rail() -> MeshPart:
    size = (_WIDTH + 0.004, _LEG + 0.002, 0.034)
    sides = [Canvas(384, 96, _NAVY) for _ in range(6)]
    for tile, words, color in ((sides[3], "LULU", _YELLOW), (sides[2], "2 6 9", WHITE)):
        tile.text(0.5, 0.5, words, 78, color)
        tile.disk(0.08, 0.5, 22, _CORAL)
        tile.polygon([(0.88, 0.2), (0.96, 0.5), (0.88, 0.8)], _TEAL)
    look = Material(
        "rail", roughness=0.5, texture=six_tiles(sides).grain(np.random.default_rng(73))
    )
    rail = block(size, 0.005, look, pitch=0.01)
    return place(rail, at=(0.0, _DEPTH / 2 - _LEG / 2, _HEIGHT - 0.017))
