"""A printed carton of cereals, 0.16 m high and flat enough for one hand; every side differs."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import block
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, six_tiles

_SIZE = (0.115, 0.052, 0.16)
_RED, _YELLOW, _GREEN, _CREAM = (200, 34, 40), (250, 200, 40), (40, 140, 70), (250, 236, 200)


def build() -> LibraryObject:
    tiles = [_facts(), _story(), _back(), _front(), _top(), _bottom()]
    texture = six_tiles(tiles, 384).grain(np.random.default_rng(20))
    skin = block(_SIZE, 0.002, Material("carton", roughness=0.7, texture=texture), pitch=0.007)
    grasp = GraspHint(
        point=(0.03, 0.0, 0.0), approach=(-1.0, 0.0, 0.0), axis=(0.0, 0.0, 1.0), width=_SIZE[1]
    )
    return LibraryObject(TexturedMesh((skin,)), grasp)


def _front() -> Canvas:
    tile = Canvas(384, 384, _RED)
    tile.rectangle((0, 0, 1, 0.12), _YELLOW)
    tile.text(0.5, 0.06, "NEW! WHOLE GRAIN", 32, _RED)
    tile.text(0.5, 0.25, "CRUNCH", 82, WHITE)
    tile.disk(0.5, 0.66, 100, _CREAM)
    rng = np.random.default_rng(21)
    for _ in range(26):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0, 76) / 384
        x, y = 0.5 + reach * np.cos(angle), 0.66 + reach * np.sin(angle)
        tile.disk(x, y, 14, (190, 110, 40))
        tile.disk(x, y, 5, _CREAM)
    tile.polygon([(0.72, 0.42), (0.98, 0.42), (0.98, 0.56), (0.85, 0.51), (0.72, 0.56)], _GREEN)
    tile.text(0.05, 0.94, "g", 20, WHITE)
    tile.text(0.86, 0.93, "250 g", 34, _YELLOW)
    return tile


def _back() -> Canvas:
    tile = Canvas(384, 384, _CREAM)
    tile.rectangle((0, 0, 1, 0.16), _GREEN)
    tile.text(0.5, 0.08, "FIND THE WAY", 40, WHITE)
    rng = np.random.default_rng(22)
    for row in range(8):
        for column in range(8):
            x, y = 0.08 + 0.105 * column, 0.22 + 0.065 * row
            end = (x + 0.105, y) if rng.random() < 0.5 else (x, y + 0.065)
            tile.line([(x, y), end], BLACK, 6)
    tile.rectangle((0.05, 0.80, 0.5, 0.96), _RED, 0.02)
    tile.text(0.275, 0.88, "CRUNCH", 36, WHITE)
    tile.barcode((0.58, 0.80, 0.95, 0.96), rng)
    return tile


def _facts() -> Canvas:
    tile = Canvas(192, 384, WHITE)
    tile.rectangle((0.05, 0.05, 0.95, 0.16), BLACK)
    tile.text(0.5, 0.105, "FACTS", 34, WHITE)
    tile.lines_of_text((0.08, 0.20, 0.92, 0.90), 12, BLACK, np.random.default_rng(23))
    return tile


def _story() -> Canvas:
    tile = Canvas(192, 384, _YELLOW)
    tile.stripes((0, 0, 1, 0.3), [_RED, _YELLOW], 8, 0.3)
    tile.lines_of_text((0.08, 0.36, 0.92, 0.70), 7, _RED, np.random.default_rng(24))
    tile.disk(0.5, 0.84, 44, _GREEN)
    tile.text(0.5, 0.84, "BIO", 36, WHITE)
    return tile


def _top() -> Canvas:
    tile = Canvas(384, 192, _YELLOW)
    tile.line([(0, 0.5), (1, 0.5)], _RED, 5)
    tile.text(0.3, 0.27, "OPEN HERE", 46, _RED)
    tile.polygon([(0.7, 0.2), (0.9, 0.2), (0.8, 0.45)], _RED)
    return tile


def _bottom() -> Canvas:
    tile = Canvas(384, 192, _CREAM)
    tile.text(0.4, 0.5, "2027-03 L7", 52, BLACK)
    return tile
