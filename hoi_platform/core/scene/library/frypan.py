"""A small frying pan, 0.15 m across, that lies with its handle toward -x."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import lathe, sweep
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, Image, wood

_RADIUS, _DEPTH, _WALL = 0.075, 0.028, 0.003
_RED, _CREAM, _GRAY = (186, 40, 34), (240, 226, 190), (70, 72, 78)


def build() -> LibraryObject:
    grasp = GraspHint(
        point=(-_RADIUS - 0.075, 0.0, 0.031),
        approach=(0.0, 0.0, -1.0),
        axis=(1.0, 0.0, 0.0),
        width=0.02,
    )
    return LibraryObject(TexturedMesh((_pan(), _handle())), grasp)


def _pan() -> MeshPart:
    outside = [(0.0, 0.0), (_RADIUS - 0.014, 0.0), (_RADIUS - 0.006, 0.006), (_RADIUS, _DEPTH)]
    inside = [(_RADIUS - _WALL, _DEPTH), (_RADIUS - 0.009, 0.009), (_RADIUS - 0.016, 0.004)]
    look = Material("enamel", roughness=0.35, texture=_enamel())
    return lathe([*outside, *inside, (0.0, 0.004)], look, sides=64)


def _enamel() -> Image:
    """The profile from the bottom over the rim into the pan: outside is the lower part of v."""
    texture = Canvas(1024, 1024, _RED)
    texture.stripes((0, 0.48, 1, 0.56), [_CREAM, _RED], 24)
    texture.rectangle((0, 0.0, 1, 0.45), _GRAY)
    for ring in range(4):
        texture.rectangle((0, 0.05 + 0.1 * ring, 1, 0.06 + 0.1 * ring), BLACK)
    texture.stripes((0, 0.10, 1, 0.13), [WHITE, _GRAY, _GRAY], 30)
    texture.text(0.3, 0.26, "CHEF", 80, _CREAM)
    texture.text(0.75, 0.62, "24 cm", 60, WHITE)
    for k in range(12):
        texture.disk(0.04 + k / 12, 0.85 + 0.05 * (k % 2), 18, _CREAM)
    return texture.grain(np.random.default_rng(80), 4.0)


def _handle() -> MeshPart:
    t = np.linspace(0, 1, 26)
    x = -_RADIUS + 0.006 - 0.14 * t
    z = 0.024 + 0.007 * np.sin(np.pi * np.minimum(1.6 * t, 0.5))
    swell = 1 + 0.2 * np.sin(np.pi * t) ** 2
    radii = np.stack([0.008 * swell, 0.010 * swell], axis=-1)
    look = Material("beech", roughness=0.6, texture=wood(256, 512, "v", 81))
    return sweep(np.stack([x, 0 * x, z], axis=-1), radii, look, 20)
