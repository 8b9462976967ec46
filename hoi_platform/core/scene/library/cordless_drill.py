"""A pistol-grip cordless drill, 0.22 m long, that stands on its battery and points along +x."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import block, lathe, place, sweep
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, Color, Image, six_tiles

UNIT_M = 2.5
"""Meters per mesh unit: the reference's catalog fixes ``obj_scale`` to it."""
_TEAL, _RED, _RUBBER, _YELLOW = (0, 128, 128), (196, 32, 30), (40, 42, 46), (246, 196, 20)
_ALONG_X = (0.0, np.pi / 2, 0.0)


def build() -> LibraryObject:
    parts = [_motor(), _gearbox(), _chuck(), _bit(), _handle(), _trigger(), _switch(), _battery()]
    shrink = np.diag([1 / UNIT_M] * 3 + [1.0])
    grasp = GraspHint(
        point=(-0.034 / UNIT_M, 0.0, -0.062 / UNIT_M),
        approach=(0.993, 0.0, -0.119),
        axis=(0.119, 0.0, 0.993),
        width=0.036 / UNIT_M,
    )
    return LibraryObject(TexturedMesh(tuple(parts)).transformed(shrink), grasp)


def _motor() -> MeshPart:
    profile = [(0, -0.09), (0.018, -0.09), (0.026, -0.083), (0.029, -0.07), (0.030, 0.02)]
    profile += [(0.028, 0.035), (0.0, 0.035)]
    body = lathe(profile, Material("housing", roughness=0.4, texture=_motor_texture()), sides=40)
    return place(body, turn=_ALONG_X)


def _motor_texture() -> Image:
    """u runs around from the bottom by the left (+y) side, the top and the right; v forward."""
    rng = np.random.default_rng(1)
    around = Canvas(512, 512, _TEAL)  # painted with the axis to the right, then turned
    around.paste(_label("HOI-18V", WHITE).upside_down(), (0.30, 0.14, 0.86, 0.36))
    around.paste(_label("TORQUE", _YELLOW), (0.30, 0.64, 0.86, 0.86))
    for k in range(6):
        for y in (0.25, 0.75):
            x = 0.13 + 0.022 * k
            around.rectangle((x, y - 0.07, x + 0.012, y + 0.07), BLACK)
    around.stripes((0.28, 0.44, 0.80, 0.56), [_YELLOW, BLACK], 10, 0.05)
    around.rectangle((0.88, 0.0, 0.92, 1.0), WHITE)
    return np.ascontiguousarray(around.grain(rng).transpose(1, 0, 2)[::-1])


def _label(words: str, color: Color) -> Canvas:
    label = Canvas(287, 113, BLACK)
    label.text(0.5, 0.5, words, 68, color)
    return label


def _gearbox() -> MeshPart:
    texture = Canvas(512, 128, _RUBBER)
    for k in range(20):
        texture.text((k + 0.5) / 20, 0.45, str(k + 1), 20, WHITE)
        texture.rectangle(((k + 0.46) / 20, 0.68, (k + 0.54) / 20, 0.9), _YELLOW)
    profile = [(0, 0.03), (0.026, 0.03), (0.027, 0.036), (0.025, 0.066), (0.022, 0.07), (0, 0.07)]
    material = Material("collar", roughness=0.7, texture=texture.grain(np.random.default_rng(2)))
    return place(lathe(profile, material, sides=40), turn=_ALONG_X)


def _chuck() -> MeshPart:
    texture = Canvas(512, 128, (70, 72, 76))
    texture.stripes((0, 0.25, 1, 0.8), [(34, 34, 36), (120, 122, 126)], 48)
    profile = [
        (0, 0.068),
        (0.0195, 0.068),
        (0.0195, 0.092),
        (0.012, 0.108),
        (0.006, 0.111),
        (0, 0.111),
    ]
    look = texture.grain(np.random.default_rng(3))
    return place(lathe(profile, Material("chuck", roughness=0.35, texture=look), 32), turn=_ALONG_X)


def _bit() -> MeshPart:
    steel = Material("steel", (0.55, 0.56, 0.58), roughness=0.25, metallic=0.9)
    profile = [(0, 0.105), (0.0035, 0.105), (0.0035, 0.123), (0, 0.13)]
    return place(lathe(profile, steel, 16), turn=_ALONG_X)


def _handle() -> MeshPart:
    rng = np.random.default_rng(4)
    texture = Canvas(512, 512, _RUBBER)
    texture.rectangle((0.40, 0.1, 0.60, 0.9), _TEAL)
    for row in range(16):
        for column in range(20):
            x = (column + 0.5 * (row % 2)) / 20
            if not 0.38 < x < 0.62:
                texture.disk(x, (row + 1) / 18, 7, (72, 74, 80))
    texture.text(0.5, 0.5, "H", 60, WHITE)
    t = np.linspace(0, 1, 14)[:, None]
    path = np.array([-0.028, 0.0, -0.010]) * (1 - t) + np.array([-0.041, 0.0, -0.134]) * t
    swell = 1 + 0.12 * np.cos(4 * np.pi * t)
    material = Material("grip", roughness=0.9, texture=texture.grain(rng))
    return sweep(path, np.hstack([0.0205 * swell, 0.0165 * swell]), material, 28)


def _trigger() -> MeshPart:
    red = Material("trigger", (0.55, 0.02, 0.02), roughness=0.45)
    return place(
        block((0.018, 0.013, 0.030), 0.004, red), at=(-0.008, 0, -0.046), turn=(0, 0.11, 0)
    )


def _switch() -> MeshPart:
    """The direction switch sticks out on the left only: front, back, left and right differ."""
    yellow = Material("switch", (0.85, 0.5, 0.01), roughness=0.5)
    return place(block((0.014, 0.012, 0.008), 0.002, yellow), at=(-0.018, 0.020, -0.026))


def _battery() -> MeshPart:
    size = (0.125, 0.07, 0.036)
    sides = [Canvas(384, 256, _RUBBER) for _ in range(6)]
    for tile, words, color in ((sides[2], "18V 2.0Ah", _YELLOW), (sides[3], "Li-Ion", WHITE)):
        tile.rectangle((0.08, 0.2, 0.92, 0.8), _TEAL, 0.1)
        tile.text(0.5, 0.5, words, 66, color)
    for k in range(4):
        color = (60, 220, 90) if k < 3 else (90, 20, 20)
        sides[0].disk(0.26 + 0.16 * k, 0.42, 20, color)
    sides[1].stripes((0.1, 0.3, 0.9, 0.7), [BLACK, (90, 92, 96)], 14)
    sides[4].rectangle((0.62, 0.1, 0.95, 0.9), _RED, 0.05)
    sides[4].text(0.785, 0.5, "!", 150, WHITE)
    sides[5].barcode((0.15, 0.2, 0.85, 0.8), np.random.default_rng(5))
    look = six_tiles(sides).grain(np.random.default_rng(6))
    skin = block(size, 0.008, Material("battery", roughness=0.6, texture=look))
    return place(skin, at=(-0.018, 0.0, -0.142))
