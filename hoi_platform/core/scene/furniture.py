"""Furniture along the two walls that a camera sees: cabinets, shelves, doors and pictures."""

from collections.abc import Callable
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array, Vec3
from hoi_platform.core.scene.parts import BoxSpec
from hoi_platform.core.scene.templates import Palette

Piece = list[BoxSpec]

# Pieces are built against the wall y = 0 with the room at +y, centered on x = 0.


def _box(name: str, color: Vec3, low: list[float], high: list[float]) -> BoxSpec:
    (x0, y0, z0), (x1, y1, z1) = low, high
    center = ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2)
    return BoxSpec(pos=center, size=(x1 - x0, y1 - y0, z1 - z0), color=color, name=name)


def _accent(rng: np.random.Generator) -> Vec3:
    """A saturated color for a small object."""
    r, g, b = rng.uniform(0.04, 0.5, size=3)
    return float(r), float(g), float(b)


def _cabinet(color: Vec3, rng: np.random.Generator) -> Piece:
    w, d, h = rng.uniform([0.9, 0.36, 0.6], [1.5, 0.45, 0.95]).tolist()
    body = _box("cabinet", color, [-w / 2, 0, 0.06], [w / 2, d, h])
    doors = 2 if w < 1.2 else 3
    step = w / doors
    fronts = [
        _box(
            "front",
            color,
            [-w / 2 + i * step + 0.012, d, 0.09],
            [-w / 2 + (i + 1) * step - 0.012, d + 0.018, h - 0.03],
        )
        for i in range(doors)
    ]
    x = rng.uniform(-w / 4, w / 4)
    vase = _box(
        "vase", _accent(rng), [x - 0.05, d / 2 - 0.05, h], [x + 0.05, d / 2 + 0.05, h + 0.26]
    )
    return [body, *fronts, vase, *_books(x + 0.12, d, h, 5, rng)]


def _books(x: float, depth: float, z: float, count: int, rng: np.random.Generator) -> Piece:
    books = []
    for _ in range(count):
        t, h = rng.uniform([0.02, 0.17], [0.045, 0.26]).tolist()
        books.append(_box("book", _accent(rng), [x, 0.03, z], [x + t, 0.6 * depth, z + h]))
        x += t + 0.002
    return books


def _shelf(color: Vec3, rng: np.random.Generator) -> Piece:
    w, d, h = rng.uniform([0.7, 0.26, 1.5], [1.0, 0.32, 2.0]).tolist()
    t = 0.025
    sides = [_box("shelf", color, [x - t / 2, 0, 0], [x + t / 2, d, h]) for x in (-w / 2, w / 2)]
    levels = np.linspace(0.08, h - t / 2, 5).tolist()
    boards = [
        _box("shelf", color, [-w / 2 + t / 2, 0, z - t / 2], [w / 2 - t / 2, d - 0.005, z + t / 2])
        for z in levels
    ]
    books: Piece = []
    for z in levels[:-1]:
        start = -w / 2 + t + rng.uniform(0, 0.2)
        books += _books(start, d, z + t / 2, int(rng.integers(4, 10)), rng)
    return [*sides, *boards, *books]


def _picture(color: Vec3, rng: np.random.Generator) -> Piece:
    w, h, z = rng.uniform([0.4, 0.3, 1.45], [1.0, 0.7, 1.7]).tolist()
    frame = _box("frame", color, [-w / 2, 0, z - h / 2], [w / 2, 0.03, z + h / 2])
    inner = _box(
        "canvas",
        _accent(rng),
        [-w / 2 + 0.03, 0.02, z - h / 2 + 0.03],
        [w / 2 - 0.03, 0.034, z + h / 2 - 0.03],
    )
    return [frame, inner]


def _door(color: Vec3, rng: np.random.Generator) -> Piece:
    w, h = 0.88, 2.03
    frame = _box("frame", color, [-w / 2 - 0.07, 0, 0], [w / 2 + 0.07, 0.03, h + 0.07])
    leaf = _box("door", color, [-w / 2, 0.02, 0.005], [w / 2, 0.045, h])
    side = 1 if rng.random() < 0.5 else -1
    x = side * (w / 2 - 0.08)
    handle = _box("handle", (0.5, 0.5, 0.5), [x - 0.06, 0.045, 1.0], [x + 0.06, 0.09, 1.025])
    return [frame, leaf, handle]


_PIECES: Final[tuple[Callable[[Vec3, np.random.Generator], Piece], ...]] = (
    _cabinet,
    _shelf,
    _picture,
    _door,
)


def draw_furniture(
    room_size: Vec3, corner: tuple[int, int], count: int, palette: Palette, rng: np.random.Generator
) -> list[BoxSpec]:
    """At most ``count`` pieces along the two walls that meet in ``corner`` (signs of x and y).

    Pieces of one wall do not overlap and repeat late; a board runs along the foot of both walls.
    """
    half = np.array(room_size[:2]) / 2
    boxes: list[BoxSpec] = []
    free = {wall: _slots(half[1 - wall], rng) for wall in (0, 1)}
    kinds = {wall: [_PIECES[i] for i in rng.permutation(len(_PIECES))] for wall in (0, 1)}
    for i in range(count):
        wall = i % 2
        if not free[wall]:
            continue
        color = palette.furniture[int(rng.integers(len(palette.furniture)))]
        build = kinds[wall][(i // 2) % len(_PIECES)]
        place = free[wall].pop(int(rng.integers(len(free[wall]))))
        boxes += [_against(box, wall, corner, half, place) for box in build(color, rng)]
    return [*_skirting(half, corner, palette), *boxes]


def _slots(half: float, rng: np.random.Generator) -> list[float]:
    """Centers along a wall, each with 1.7 m of room."""
    count = int((2 * half - 0.8) // 1.7)
    start = rng.uniform(-0.1, 0.1)
    return [float(start + (i - (count - 1) / 2) * 1.7) for i in range(count)]


def _against(
    box: BoxSpec, wall: int, corner: tuple[int, int], half: Array, place: float
) -> BoxSpec:
    """Move a piece from the wall y = 0 to the wall whose normal is the axis ``wall``."""
    along, off, up = box.pos
    depth = corner[wall] * float(half[wall] - off)
    side = place + along
    pos = (depth, side, up) if wall == 0 else (side, depth, up)
    w, d, h = box.size
    size = (d, w, h) if wall == 0 else (w, d, h)
    return box.model_copy(update={"pos": pos, "size": size})


def _skirting(half: Array, corner: tuple[int, int], palette: Palette) -> list[BoxSpec]:
    r, g, b = (0.5 * c + 0.3 for c in palette.wall)
    boards = []
    for wall in (0, 1):
        length = 2 * float(half[1 - wall])
        board = _box("skirting", (r, g, b), [-length / 2, 0, 0], [length / 2, 0.015, 0.09])
        boards.append(_against(board, wall, corner, half, 0.0))
    return boards
