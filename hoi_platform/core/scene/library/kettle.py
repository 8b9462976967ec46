"""A small stove kettle, 0.17 m high, with a bail handle along x and its spout at +x."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import lathe, sweep
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, Image

_RADIUS, _TOP = 0.058, 0.100
_OLIVE, _SAND, _BRICK = (92, 112, 44), (232, 204, 150), (170, 72, 44)


def build() -> LibraryObject:
    grasp = GraspHint(
        point=(0.0, 0.0, 0.158), approach=(0.0, 0.0, -1.0), axis=(1.0, 0.0, 0.0), width=0.017
    )
    return LibraryObject(TexturedMesh((_body(), _knob(), _spout(), _bail())), grasp)


def _body() -> MeshPart:
    profile = [(0.0, 0.0), (0.048, 0.0), (0.055, 0.006), (_RADIUS, 0.026), (0.056, 0.05)]
    profile += [(0.047, 0.075), (0.036, 0.09), (0.024, 0.097), (0.0, _TOP)]
    return lathe(profile, Material("enamel", roughness=0.3, texture=_enamel()), sides=56)


def _enamel() -> Image:
    texture = Canvas(1024, 768, _OLIVE)
    texture.rectangle((0, 0.0, 1, 0.24), _SAND)
    texture.stripes((0, 0.24, 1, 0.29), [_BRICK, _SAND], 32, 0.01)
    for k in range(6):
        x = (k + 0.5) / 6
        texture.disk(x, 0.45, 52, _SAND)
        texture.disk(x, 0.45, 26, _BRICK if k % 2 else BLACK)
        texture.polygon([(x - 0.05, 0.62), (x + 0.05, 0.62), (x, 0.54)], WHITE)
    texture.text(0.5, 0.36, "TEA", 54, WHITE)
    return texture.grain(np.random.default_rng(100), 4.0)


def _knob() -> MeshPart:
    profile = [(0.0, 0.096), (0.006, 0.097), (0.006, 0.104), (0.010, 0.108), (0.008, 0.114)]
    return lathe([*profile, (0.0, 0.116)], Material("wood", (0.22, 0.08, 0.03), roughness=0.6), 24)


def _spout() -> MeshPart:
    t = np.linspace(0, 1, 16)
    x = 0.045 + 0.045 * t
    z = 0.045 + 0.045 * t**1.5
    radii = np.stack([0.014 - 0.006 * t, 0.014 - 0.006 * t], axis=-1)
    look = Material("spout", (0.11, 0.16, 0.03), roughness=0.3)
    return sweep(np.stack([x, 0 * x, z], axis=-1), radii, look, 20)


def _bail() -> MeshPart:
    """An arch from shoulder to shoulder, flat on top where it is held."""
    t = np.linspace(0, 1, 40)
    x = -0.046 * np.cos(np.pi * t)
    z = 0.078 + 0.080 * np.sin(np.pi * t) ** 0.45
    texture = Canvas(128, 512, BLACK)
    texture.stripes((0, 0.3, 1, 0.7), [_BRICK, _SAND], 8)
    look = Material("bail", roughness=0.6, texture=texture.grain(np.random.default_rng(101)))
    return sweep(np.stack([x, 0 * x, z], axis=-1), np.array([0.0075, 0.0085]), look, 16)
