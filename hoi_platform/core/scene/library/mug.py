"""A glazed mug, 0.095 m high, its handle on the +x side."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import lathe, sweep
from hoi_platform.core.scene.library.textures import WHITE, Canvas, Image

_RADIUS, _HEIGHT, _WALL = 0.039, 0.095, 0.004
_BLUE, _ORANGE, _NAVY = (34, 92, 170), (236, 120, 32), (18, 34, 72)


def build() -> LibraryObject:
    grasp = GraspHint(
        point=(_RADIUS + 0.026, 0.0, 0.049),
        approach=(-1.0, 0.0, 0.0),
        axis=(0.0, 0.0, 1.0),
        width=0.012,
    )
    return LibraryObject(TexturedMesh((_cup(), _handle())), grasp)


def _cup() -> MeshPart:
    outside = [(0.0, 0.0), (_RADIUS - 0.005, 0.0), (_RADIUS - 0.001, 0.002), (_RADIUS, 0.006)]
    outside += [(_RADIUS, z) for z in (0.03, 0.06, _HEIGHT - 0.002)]
    rim = [(_RADIUS - 0.001, _HEIGHT), (_RADIUS - _WALL + 0.001, _HEIGHT)]
    inside = [(_RADIUS - _WALL, _HEIGHT - 0.002), (_RADIUS - _WALL, 0.012)]
    inside += [(_RADIUS - _WALL - 0.006, 0.006), (0.0, 0.006)]
    profile = [*outside, *rim, *inside]
    return lathe(profile, Material("glaze", roughness=0.25, texture=_cup_texture()), sides=64)


def _cup_texture() -> Image:
    """The profile from the bottom's edge over the rim into the cup: the outside is 0..0.47 of v."""
    texture = Canvas(1024, 1024, WHITE)
    texture.rectangle((0, 0.53, 1, 1), _BLUE)
    texture.rectangle((0, 0.535, 1, 0.56), _ORANGE)
    texture.stripes((0, 0.90, 1, 0.95), [WHITE, _NAVY], 28, 0.018)
    texture.rectangle((0.34, 0.60, 0.66, 0.87), WHITE, 0.03)
    texture.text(0.5, 0.69, "HELLO", 92, _NAVY)
    texture.text(0.5, 0.80, "robot", 96, _ORANGE)
    for k in range(5):
        texture.disk(0.08 + 0.055 * k, 0.64 + 0.05 * (k % 3), 20 + 4 * k, _ORANGE)
        texture.polygon(_star(0.72 + 0.055 * k, 0.66 + 0.06 * (k % 3), 0.028), WHITE)
    return texture.grain(np.random.default_rng(10), 4.0)


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = radius * np.where(np.arange(10) % 2, 0.45, 1.0)
    return [(x + r * np.cos(a), y + r * np.sin(a)) for a, r in zip(angles, reach, strict=True)]


def _handle() -> MeshPart:
    t = np.linspace(0, 1, 22)
    bow = np.stack([0.028 * np.sin(np.pi * t) ** 0.7, 0 * t, 0.055 * (t - 0.5)], axis=-1)
    path = bow + np.array([_RADIUS - 0.0025, 0.0, 0.049])
    orange = Material("handle", (0.78, 0.2, 0.015), roughness=0.3)
    return sweep(path, np.array([0.0055, 0.0075]), orange, 16)
