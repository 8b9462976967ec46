"""A claw hammer, 0.27 m long, that lies with its handle along x and its head at +x."""

import numpy as np

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart, TexturedMesh
from hoi_platform.core.scene.library.base import LibraryObject
from hoi_platform.core.scene.library.shapes import block, lathe, place, sweep
from hoi_platform.core.scene.library.textures import BLACK, WHITE, Canvas, Image, steel, wood

_HEAD_X = 0.105
_RED, _YELLOW = (190, 30, 34), (250, 204, 40)


def build() -> LibraryObject:
    head = Material("steel", roughness=0.35, metallic=0.6, texture=steel(256, 256, 30))
    parts = [_shaft(), _grip(), _eye(head), _striker(head), _claw(head, 1), _claw(head, -1)]
    grasp = GraspHint(
        point=(-0.085, 0.0, 0.0), approach=(0.0, 0.0, -1.0), axis=(1.0, 0.0, 0.0), width=0.027
    )
    return LibraryObject(TexturedMesh(tuple(parts)), grasp)


def _shaft() -> MeshPart:
    x = np.linspace(-0.06, _HEAD_X + 0.017, 24)
    path = np.stack([x, 0 * x, 0 * x], axis=-1)
    material = Material("ash", roughness=0.6, texture=wood(256, 512, "v", 31))
    return sweep(path, np.array([0.0085, 0.0105]), material, 24)


def _grip() -> MeshPart:
    x = np.linspace(-0.148, -0.03, 20)
    path = np.stack([x, 0 * x, 0 * x], axis=-1)
    t = np.linspace(0, 1, 20)[:, None]
    swell = 1 + 0.16 * (2 * t - 1) ** 4 + 0.05 * np.cos(5 * np.pi * t)
    radii = np.hstack([0.0125 * swell, 0.0145 * swell])
    radii[0] *= 0.8
    return sweep(path, radii, Material("rubber", roughness=0.85, texture=_grip_texture()), 28)


def _grip_texture() -> Image:
    texture = Canvas(512, 512, _RED)
    texture.rectangle((0, 0, 1, 0.08), BLACK)
    texture.rectangle((0, 0.90, 1, 1), BLACK)
    texture.stripes((0, 0.10, 1, 0.2), [BLACK, _YELLOW], 12, 0.05)
    for column in range(4):
        center = 0.125 + 0.25 * column
        if column % 2:
            texture.rectangle((center - 0.09, 0.26, center + 0.09, 0.84), BLACK, 0.03)
            for k, letter in enumerate("FORGE" if column == 1 else "450 g"):
                texture.text(center, 0.78 - 0.11 * k, letter, 46, WHITE)
        else:
            for row in range(9):
                texture.rectangle(
                    (center - 0.1, 0.26 + 0.065 * row, center + 0.1, 0.285 + 0.065 * row), BLACK
                )
    return texture.grain(np.random.default_rng(32))


def _eye(steel_look: Material) -> MeshPart:
    return place(block((0.028, 0.036, 0.027), 0.004, steel_look), at=(_HEAD_X, -0.002, 0.0))


def _striker(steel_look: Material) -> MeshPart:
    """The neck and the striking face, toward -y."""
    profile = [
        (0, 0),
        (0.0105, 0),
        (0.0095, 0.018),
        (0.0125, 0.024),
        (0.0132, 0.036),
        (0.0122, 0.038),
    ]
    face = lathe([*profile, (0.0, 0.0385)], steel_look, sides=28)
    return place(face, at=(_HEAD_X, -0.016, 0.0), turn=(np.pi / 2, 0.0, 0.0))


def _claw(steel_look: Material, side: int) -> MeshPart:
    """One of two prongs toward +y that bend back to the grip."""
    t = np.linspace(0, 1, 16)
    angle = t * np.pi * 0.40
    x = _HEAD_X + 0.003 - 0.055 * (1 - np.cos(angle))
    y = 0.010 + 0.055 * np.sin(angle)
    z = side * (0.0052 + 0.0035 * t)
    taper = np.stack([0.0085 * (1 - 0.72 * t), 0.0062 * (1 - 0.45 * t)], axis=-1)
    return sweep(np.stack([x, y, z], axis=-1), taper, steel_look, 16)
