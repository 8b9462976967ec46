"""How the triangles of a mesh hang together: welding, watertightness, components, volume."""

import json
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.core.geometry.mesh import TriangleMesh

_WELD_TOLERANCE = 1e-6
"""Share of the longest side within which vertices are one; chosen: ten times float32's rounding."""


@dataclass(frozen=True)
class MeshStatistics:
    """What is worth knowing about a mesh before anything is done with it; in the mesh's units."""

    vertices: int
    faces: int
    components: int
    """Pieces that share no vertex."""
    watertight: bool
    """Every edge is shared by exactly two triangles that run along it in opposite directions."""
    volume: float
    """Signed enclosed volume (divergence theorem); only meaningful when watertight."""
    area: float
    extents: tuple[float, float, float]
    bounds: tuple[tuple[float, float, float], tuple[float, float, float]]

    @classmethod
    def of(cls, mesh: TriangleMesh) -> "MeshStatistics":
        """Measured after welding, so that texture seams do not count as holes."""
        welded = weld(mesh)
        low, high = (tuple(map(float, row)) for row in welded.bounds)
        return cls(
            vertices=len(welded.vertices),
            faces=len(welded.faces),
            components=int(component_labels(welded).max()) + 1,
            watertight=is_watertight(welded),
            volume=volume(welded),
            area=float(welded.areas.sum()),
            extents=tuple(map(float, welded.extents)),  # type: ignore[arg-type]
            bounds=(low, high),  # type: ignore[arg-type]
        )

    def facts(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.facts(), indent=1) + "\n"


def weld(mesh: TriangleMesh, tolerance: float = _WELD_TOLERANCE) -> TriangleMesh:
    """Merge vertices that fall into one cell of ``tolerance`` x longest side.

    Keeps the order of first appearance; drops unused vertices and collapsed triangles.
    """
    index = weld_index(mesh.vertices, tolerance)
    faces = index[mesh.faces]
    faces = faces[~_collapsed(faces)]
    used, inverse = np.unique(faces, return_inverse=True)
    return TriangleMesh(mesh.vertices[used], inverse.reshape(-1, 3).astype(np.int64))


def weld_index(
    vertices: Float[Array, "V 3"], tolerance: float = _WELD_TOLERANCE
) -> Int[Indices, " V"]:
    """For every vertex the first vertex at its place."""
    low = vertices.min(axis=0)
    cell = tolerance * max(float(np.ptp(vertices, axis=0).max()), 1e-300)
    keys = np.round((vertices - low) / cell).astype(np.int64)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return first[inverse.reshape(-1)].astype(np.int64)


def is_watertight(mesh: TriangleMesh) -> bool:
    """Whether every directed edge has exactly one partner in the opposite direction."""
    directed = directed_edges(mesh.faces)
    undirected, counts = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    opposed = len(np.unique(directed, axis=0)) == len(directed)
    return bool(len(undirected) and (counts == 2).all() and opposed)


def is_consistently_wound(mesh: TriangleMesh) -> bool:
    """Whether no directed edge occurs twice: neighbors agree on what is outside."""
    directed = directed_edges(mesh.faces)
    return len(np.unique(directed, axis=0)) == len(directed)


def volume(mesh: TriangleMesh) -> float:
    """Signed volume: the sum of the tetrahedra from the first vertex to every triangle."""
    corners = mesh.triangles - mesh.vertices[0]
    return float(np.einsum("nd,nd->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6)


def component_labels(mesh: TriangleMesh) -> Int[Indices, " V"]:
    """The number of the connected piece of each vertex."""
    edges = directed_edges(mesh.faces)
    size = len(mesh.vertices)
    graph = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(size, size))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def lonely_faces(mesh: TriangleMesh) -> int:
    """How many triangles share no edge with another one."""
    edges = np.sort(directed_edges(mesh.faces), axis=1)
    _, inverse, counts = np.unique(edges, axis=0, return_inverse=True, return_counts=True)
    shared = counts[inverse.reshape(-1)].reshape(3, -1) > 1
    return int((~shared.any(axis=0)).sum())


def directed_edges(faces: Int[Indices, "F 3"]) -> Int[Indices, "edges 2"]:
    """The first edges of all faces, then the second, then the third."""
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def _collapsed(faces: Indices) -> np.ndarray:
    a, b, c = faces.T
    return (a == b) | (b == c) | (c == a)
