"""A toy suitcase, 0.24 m wide, that stands upright with its handle on top."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import block, place, sweep
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, six_tiles

_SIZE = (0.24, 0.085, 0.165)
_BROWN, _TAN, _RED, _TEAL = (120, 66, 34), (196, 150, 92), (196, 44, 40), (20, 120, 130)
_YELLOW = (246, 196, 40)


def build() -> LibraryObject:
    brass = Material("brass", (0.62, 0.40, 0.10), roughness=0.3, metallic=0.8)
    grasp = GraspHint(
        point=(0.0, 0.0, 0.112), approach=(0.0, 0.0, -1.0), axis=(1.0, 0.0, 0.0), width=0.016
    )
    return LibraryObject(TexturedMesh((_case(), _handle(), *_fittings(brass))), grasp)


def _case() -> MeshPart:
    tiles = [_end("A"), _end("B"), _back(), _front(), _lid(), Canvas(384, 192, BLACK)]
    look = six_tiles(tiles, 384).grain(np.random.default_rng(60))
    return block(_SIZE, 0.012, Material("leather", roughness=0.65, texture=look), pitch=0.011)


def _leather(width: int, height: int) -> Canvas:
    tile = Canvas(width, height, _BROWN)
    tile.rectangle((0, 0.0, 0.05, 1), BLACK)
    tile.rectangle((0.95, 0.0, 1, 1), BLACK)
    for x in (0.17, 0.76):
        tile.rectangle((x, 0, x + 0.07, 1), _TAN)
        for k in range(18):
            tile.rectangle((x + 0.008, k / 18, x + 0.014, (k + 0.5) / 18), BLACK)
    return tile


def _front() -> Canvas:
    tile = _leather(384, 264)
    tile.rectangle((0.29, 0.10, 0.56, 0.42), _TEAL, 0.05)
    tile.text(0.425, 0.26, "PARIS", 34, WHITE)
    tile.disk(0.64, 0.66, 52, _YELLOW)
    tile.text(0.64, 0.66, "OSLO", 34, _RED)
    tile.polygon([(0.3, 0.9), (0.52, 0.9), (0.41, 0.52)], _RED)
    tile.text(0.41, 0.79, "!", 54, WHITE)
    tile.rectangle((0.86, 0.2, 0.94, 0.5), _RED)
    return tile


def _back() -> Canvas:
    tile = _leather(384, 264)
    tile.rectangle((0.28, 0.14, 0.72, 0.5), WHITE, 0.04)
    tile.rectangle((0.28, 0.14, 0.72, 0.24), _RED)
    tile.lines_of_text((0.32, 0.29, 0.68, 0.47), 3, BLACK, np.random.default_rng(61))
    tile.disk(0.36, 0.76, 40, _TEAL)
    tile.text(0.36, 0.76, "JP", 40, WHITE)
    tile.stripes((0.48, 0.62, 0.72, 0.88), [_TEAL, WHITE, _RED], 6)
    return tile


def _end(letter: str) -> Canvas:
    tile = Canvas(192, 384, _BROWN)
    tile.stripes((0.0, 0.40, 1.0, 0.60), [_TAN, BLACK], 10)
    tile.disk(0.5, 0.22, 46, _YELLOW if letter == "A" else _TEAL)
    tile.text(0.5, 0.22, letter, 64, BLACK if letter == "A" else WHITE)
    tile.lines_of_text((0.15, 0.70, 0.85, 0.90), 4, _TAN, np.random.default_rng(62))
    return tile


def _lid() -> Canvas:
    tile = _leather(384, 160)
    tile.text(0.88, 0.5, "No 7", 24, WHITE)
    tile.rectangle((0.3, 0.12, 0.7, 0.2), _RED)
    return tile


def _handle() -> MeshPart:
    t = np.linspace(0, 1, 30)
    x = -0.048 * np.cos(np.pi * t)
    z = _SIZE[2] / 2 - 0.006 + 0.036 * np.sin(np.pi * t) ** 0.4
    texture = Canvas(128, 512, BLACK)
    texture.stripes((0, 0.3, 1, 0.7), [_RED, (150, 24, 28)], 8)
    for k in range(6):
        texture.rectangle((0, 0.3 + 0.07 * k, 1, 0.32 + 0.07 * k), WHITE)
    look = Material("handle", roughness=0.7, texture=texture.grain(np.random.default_rng(63)))
    path = np.stack([x, 0 * x, z], axis=-1)
    return sweep(path, np.array([0.0075, 0.008]), look, 16)


def _fittings(brass: Material) -> list[MeshPart]:
    """Two latches on the front, four feet."""
    half = np.array(_SIZE) / 2
    latches = [
        place(block((0.026, 0.008, 0.034), 0.003, brass), at=(x, -half[1] - 0.001, half[2] - 0.038))
        for x in (-0.071, 0.071)
    ]
    rubber = Material("feet", (0.02, 0.02, 0.02), roughness=0.9)
    feet = [
        place(block((0.02, 0.014, 0.012), 0.003, rubber), at=(x, y, -half[2] - 0.002))
        for x in (-0.09, 0.09)
        for y in (-0.026, 0.026)
    ]
    return latches + feet
