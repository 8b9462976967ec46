"""Shading normals that are smooth over round surfaces and keep sharp edges."""

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from hoi_platform.core.arrays import Array, Indices
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.topology import directed_edges

CREASE_ANGLE_DEG = 40.0
"""Edges that bend more than this stay sharp; chosen between a cylinder of 12 sides (30°) and a
chamfer (45°)."""


def corner_normals(mesh: TriangleMesh) -> tuple[Float[Array, "N 3"], Int[Indices, "F 3"]]:
    """Unit normals and the normal of every corner of every face.

    Corners of one vertex share a normal when their faces are linked by edges around it that
    bend by less than the crease angle; a normal is the area-weighted mean of its faces. Needs
    welded vertices.
    """
    group = _smooth_groups(mesh)
    vectors = mesh.area_vectors.repeat(3, axis=0)
    normals = np.zeros((group.max() + 1, 3))
    np.add.at(normals, group, vectors)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(lengths > 0, normals / np.maximum(lengths, 1e-300), [0.0, 0.0, 1.0])
    return normals, group.reshape(-1, 3)


def _smooth_groups(mesh: TriangleMesh) -> Int[Indices, " corners"]:
    """The smoothing group of each corner (corner ``3f + k`` is vertex k of face f)."""
    count = len(mesh.faces)
    left, right = _neighbor_edges(mesh)
    normals = mesh.face_normals
    cosine = np.einsum("nd,nd->n", normals[left % count], normals[right % count])
    smooth = cosine > np.cos(np.radians(CREASE_ANGLE_DEG))
    left, right = left[smooth], right[smooth]
    pairs = [_ends(mesh, left, right, swap) for swap in (False, True)]
    i, j = np.concatenate(pairs, axis=1)
    graph = coo_matrix((np.ones(len(i)), (i, j)), shape=(3 * count, 3 * count))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _neighbor_edges(mesh: TriangleMesh) -> tuple[Int[Indices, " n"], Int[Indices, " n"]]:
    """Pairs of indices into ``directed_edges`` that run along the same two vertices."""
    edges = np.sort(directed_edges(mesh.faces), axis=1)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    same = (edges[order[1:]] == edges[order[:-1]]).all(axis=1)
    return order[:-1][same], order[1:][same]


def _ends(
    mesh: TriangleMesh, left: Int[Indices, " n"], right: Int[Indices, " n"], swap: bool
) -> Int[Array, "2 n"]:
    """Corners of the two faces at one end of each shared edge (the other one if swap)."""
    count = len(mesh.faces)
    edges = directed_edges(mesh.faces)
    a = 1 if swap else 0
    vertex = edges[left, a]
    b = np.where(edges[right, 0] == vertex, 0, 1)
    return np.stack([_corner(left, a, count), _corner(right, b, count)])


def _corner(edge: Int[Indices, " n"], end: Indices | int, count: int) -> Int[Indices, " n"]:
    """The corner (3f + k) at an end of ``directed_edges``' rows: edge e of a face runs e → e+1."""
    return 3 * (edge % count) + (edge // count + end) % 3
