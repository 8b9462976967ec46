"""Closed building blocks with texture coordinates, z up, counter-clockwise from outside.

UV coordinates run over [0, 1]² of the part's texture; u goes around, v up, unless said otherwise.
"""

from collections.abc import Sequence

import numpy as np

from hoi_platform.core.geometry.mesh import Array, Indices, TriangleMesh
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.textured_mesh import Material, MeshPart
from hoi_platform.core.geometry.topology import volume
from hoi_platform.core.geometry.transforms import rigid

Point = tuple[float, float, float]
PITCH = 0.008
"""Largest spacing of vertices along a profile or over a block (m): contact looks at vertices."""


def part(vertices: Array, faces: Indices, uv: Array, material: Material) -> MeshPart:
    """A part that faces outward, whichever way its builder went around."""
    faces = np.asarray(faces, np.int64)
    if volume(TriangleMesh(vertices, faces)) < 0:
        faces = faces[:, ::-1]
    return MeshPart(np.asarray(vertices, float), faces, material, np.asarray(uv, float))


def grid_faces(rows: int, columns: int) -> Indices:
    """Two triangles per cell of a (rows, columns) grid of vertices in row-major order."""
    r, c = np.mgrid[0 : rows - 1, 0 : columns - 1].reshape(2, -1)
    a, b = r * columns + c, r * columns + c + 1
    d, e = a + columns, b + columns
    return np.concatenate([np.stack([a, b, e], 1), np.stack([a, e, d], 1)])


def tube(
    rings: Array, material: Material, tips: tuple[Point | None, Point | None] = (None, None)
) -> MeshPart:
    """A closed skin over rings (R, N, 3) of equally many points each.

    The ends become fans about ``tips``, by default the centers of the first and last ring.
    """
    rings = np.concatenate([rings, rings[:, :1]], axis=1)  # the seam has its own UV column
    skin = _skin(rings)
    first = _cap(rings[0], tips[0], 0.0, len(skin[0]))[:3]
    last = _cap(rings[-1], tips[1], 1.0, len(skin[0]) + len(first[0]))
    vertices, faces, uv = zip(skin, (first[0], first[1][:, ::-1], first[2]), last, strict=True)
    return part(np.concatenate(vertices), np.concatenate(faces), np.concatenate(uv), material)


def torus(rings: Array, material: Material) -> MeshPart:
    """A skin over rings (R, N, 3) whose last ring is joined to the first."""
    rings = np.concatenate([rings, rings[:1]])
    return part(*_skin(np.concatenate([rings, rings[:, :1]], axis=1)), material)


def _skin(rings: Array) -> tuple[Array, Indices, Array]:
    rows, columns = rings.shape[:2]
    u, v = np.meshgrid(np.linspace(0, 1, columns), _along(rings))
    uv = np.stack([u, v], -1).reshape(-1, 2)
    return rings.reshape(-1, 3), grid_faces(rows, columns), uv


def _along(rings: Array) -> Array:
    """Arc length between ring centers and profile points, normalized to [0, 1]."""
    steps = np.linalg.norm(np.diff(rings, axis=0), axis=-1).mean(axis=-1)
    lengths = np.concatenate([[0.0], np.cumsum(steps)])
    return lengths / max(lengths[-1], 1e-12)


def _cap(ring: Array, tip: Point | None, v: float, start: int) -> tuple[Array, Indices, Array]:
    """A fan from the tip to the ring; its texture is the row ``v`` of the skin's."""
    n = len(ring) - 1
    i = np.arange(n)
    faces = np.stack([np.full(n, n + 1), i, i + 1], axis=1) + start
    u = np.append(np.linspace(0, 1, n + 1), 0.5)
    vertices = np.vstack([ring, ring[:-1].mean(axis=0) if tip is None else tip])
    return vertices, faces, np.stack([u, np.full(n + 2, v)], axis=-1)


def lathe(profile: Sequence[tuple[float, float]], material: Material, sides: int = 48) -> MeshPart:
    """A solid of revolution about z from (radius, z) points, seam and u = 0 on the +x side.

    v runs along the profile's length. A radius of 0 at an end is a tip, otherwise a flat end.
    Long spans of the profile are divided, so that vertices lie evenly over the surface.
    """
    profile = _divided(profile)
    rings = [(r, z) for r, z in profile if r > 0]
    tips = [(0.0, 0.0, z) if r == 0 else None for r, z in (profile[0], profile[-1])]
    radius, z = np.array(rings, float).T
    angle = np.arange(sides) * 2 * np.pi / sides
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    xy = radius[:, None, None] * circle
    height = np.broadcast_to(z[:, None, None], (*xy.shape[:2], 1))
    return tube(np.concatenate([xy, height], axis=-1), material, (tips[0], tips[1]))


def _divided(profile: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    points = np.array(profile, float)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    counts = np.ceil(lengths / PITCH).astype(int).clip(1)
    parts = [
        a + (b - a) * np.linspace(0, 1, n, endpoint=False)[:, None]
        for a, b, n in zip(points[:-1], points[1:], counts, strict=True)
    ]
    return [(float(r), float(z)) for r, z in np.concatenate([*parts, points[-1:]])]


def sweep(
    path: Array, radii: Array, material: Material, sides: int = 16, *, closed: bool = False
) -> MeshPart:
    """Ellipses of half-axes ``radii`` (P, 2) along ``path`` (P, 3).

    The first half-axis lies in the plane of the path's frame, the second along its binormal;
    the frame is carried along without twist (Wang et al. 2008, projection method).
    """
    path, radii = np.asarray(path, float), np.broadcast_to(np.asarray(radii, float), (len(path), 2))
    side, up = _frames(path, closed)
    angle = np.arange(sides) * 2 * np.pi / sides
    a = radii[:, :1, None] * np.cos(angle)[None, :, None] * side[:, None]
    b = radii[:, 1:, None] * np.sin(angle)[None, :, None] * up[:, None]
    rings = path[:, None] + a + b
    return torus(rings, material) if closed else tube(rings, material)


def _frames(path: Array, closed: bool) -> tuple[Array, Array]:
    ahead = np.roll(path, -1, axis=0) if closed else np.vstack([path[1:], 2 * path[-1] - path[-2]])
    behind = np.roll(path, 1, axis=0) if closed else np.vstack([2 * path[0] - path[1], path[:-1]])
    tangents = _unit(ahead - behind)
    spread = np.linalg.svd(path - path.mean(axis=0))[2]
    normal = spread[2] if abs(spread[2] @ tangents[0]) < 0.9 else spread[0]
    sides = []
    for tangent in tangents:
        normal = _unit(normal - (normal @ tangent) * tangent)
        sides.append(np.cross(normal, tangent))
    side = np.array(sides)
    return side, np.cross(tangents, side)


def _unit(v: Array) -> Array:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


# The axis to the right, its sign and the axis upward, seen from outside,
# for the sides +x, -x, +y, -y, +z, -z.
_TILES = ((1, 1, 2), (1, -1, 2), (0, -1, 2), (0, 1, 2), (0, 1, 1), (0, -1, 1))


def block(size: Point, bevel: float, material: Material, pitch: float = PITCH) -> MeshPart:
    """A box about the origin with rounded edges, in cells of at most ``pitch``.

    The texture holds six tiles, 3 x 2: on top +x, -x, +y; below -y, +z, -z; each seen from
    outside with z up (the faces ±z with +y up).
    """
    half = np.array(size, float) / 2
    lines = [_lines(h, bevel, pitch) for h in half]
    vertices, faces, uv, start = [], [], [], 0
    for number, (right, sign, up) in enumerate(_TILES):
        across, upward = np.meshgrid(lines[right], lines[up])
        p = np.empty((across.size, 3))
        p[:, right], p[:, up] = sign * across.ravel(), upward.ravel()
        p[:, number // 2] = half[number // 2] * (1 - 2 * (number % 2))
        local = 0.5 + np.column_stack([across.ravel() / size[right], upward.ravel() / size[up]])
        origin = np.array([number % 3, 1 - number // 3])
        uv.append((origin + local.clip(0.004, 0.996)) / [3, 2])
        vertices.append(p)
        faces.append(grid_faces(*across.shape) + start)
        start += len(p)
    sharp = np.concatenate(vertices)
    core = np.clip(sharp, -(half - bevel), half - bevel)
    rounded = core + bevel * _unit(sharp - core)
    return part(rounded, np.concatenate(faces), np.concatenate(uv), material)


def _lines(half: float, bevel: float, pitch: float) -> Array:
    """Grid lines over [-half, half]: even ones inside, three over each rounded edge."""
    inner = half - bevel
    even = np.linspace(-inner, inner, max(2, int(np.ceil(2 * inner / pitch)) + 1))
    edge = inner + bevel * np.array([np.tan(np.pi / 8), 1.0])
    return np.concatenate([-edge[::-1], even, edge])


def place(body: MeshPart, *, at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> MeshPart:
    """Turned by an axis-angle (radians), then moved."""
    return body.transformed(rigid(matrix_from_axis_angle(np.array(turn, float)), np.array(at)))
