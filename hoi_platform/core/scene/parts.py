"""The static parts of a scene, as ``SceneSpec`` stores them: boxes and meshes."""

import base64
import hashlib
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, model_validator

from hoi_platform.core.arrays import Array, Vec3
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.shapes import BoxShape, MeshShape, Shape
from hoi_platform.core.geometry.transforms import rigid

Material = Literal["wood", "upright", "canvas", "plain"]
"""Wood with its grain along x or upright, a painting, plain paint."""


class Spec(BaseModel):
    """A part of a scene's description."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SeatSpec(Spec):
    """Where and how a person sits on a part."""

    center: Vec3
    """The middle of the seat's surface in the world; its z is the seat's height (m)."""
    facing_rad: float
    """Direction in which a seated person looks, from the world's +x toward +y."""
    width_m: float = Field(gt=0)
    depth_m: float = Field(gt=0)


class _Part(Spec):
    """What boxes and meshes have in common."""

    pos: Vec3
    """Origin of the part's axes in the world (m)."""
    turn_rad: Vec3 = (0.0, 0.0, 0.0)
    """Rotation vector from the part's axes to the world's; (0, 0, a) is a yaw of a."""
    color: Vec3 = (0.6, 0.45, 0.3)
    """Linear RGB."""
    name: str
    material: Material | None = None
    """None: chosen by name and color."""
    walkable: bool = False
    """Whether people step on its top."""
    seat: SeatSpec | None = None

    @property
    def R_world_part(self) -> Array | None:
        """(3, 3); None where the part's axes are the world's."""
        return matrix_from_axis_angle(np.array(self.turn_rad)) if any(self.turn_rad) else None

    def shifted(self, offset: Array) -> Self:
        """The part with its seat, moved by (3,) meters."""
        seat = self.seat and self.seat.model_copy(
            update={"center": _moved(self.seat.center, offset)}
        )
        return self.model_copy(update={"pos": _moved(self.pos, offset), "seat": seat})


def _moved(point: Vec3, offset: Array) -> Vec3:
    x, y, z = (np.array(point) + offset).tolist()
    return x, y, z


class BoxSpec(_Part):
    """A box whose center is at ``pos``."""

    kind: Literal["box"] = "box"
    size: Vec3
    """Full extents along the part's axes (m)."""
    name: str = "box"
    legs: bool = False
    """Whether it stands on four legs, which are rendered and occlude but support nothing."""

    def shape(self) -> BoxShape:
        """In the world."""
        return BoxShape(np.array(self.pos), np.array(self.size), self.R_world_part)

    @property
    def top(self) -> float:
        """The height of its highest point (m)."""
        return self.shape().top


class MeshSpec(_Part):
    """A closed triangle mesh, stored whole so that a scene is one file; make it with ``of``."""

    kind: Literal["mesh"] = "mesh"
    name: str = "mesh"
    vertices: str
    """(V, 3) little-endian float64 in meters, zlib, base64."""
    faces: str
    """(F, 3) little-endian int32, zlib, base64."""
    digest: str
    """SHA-256 of both arrays' bytes."""

    @classmethod
    def of(cls, mesh: TriangleMesh, **fields: Any) -> "MeshSpec":
        """A part from a mesh in its own axes."""
        vertices = np.ascontiguousarray(mesh.vertices, "<f8").tobytes()
        faces = np.ascontiguousarray(mesh.faces, "<i4").tobytes()
        digest = hashlib.sha256(vertices + faces).hexdigest()
        return cls(vertices=_packed(vertices), faces=_packed(faces), digest=digest, **fields)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        vertices, faces = (_unpacked(text) for text in (self.vertices, self.faces))
        if hashlib.sha256(vertices + faces).hexdigest() != self.digest:
            raise ValueError(f"the mesh of {self.name!r} is damaged: its digest differs")
        if len(vertices) % 24 or len(faces) % 12 or not faces:
            raise ValueError(f"the mesh of {self.name!r} has no triangles")
        corners = np.frombuffer(faces, "<i4")
        if corners.min() < 0 or corners.max() >= len(vertices) // 24:
            raise ValueError(f"the mesh of {self.name!r} has triangles without vertices")
        return self

    def mesh(self) -> TriangleMesh:
        """In its own axes."""
        vertices = _array(self.vertices, "<f8").astype(np.float64)
        return TriangleMesh(vertices, _array(self.faces, "<i4").astype(np.int64))

    def shape(self) -> MeshShape:
        """In the world."""
        R = self.R_world_part
        return MeshShape(
            self.mesh().transformed(rigid(np.eye(3) if R is None else R, np.array(self.pos)))
        )


def _packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 9)).decode()


def _unpacked(text: str) -> bytes:
    try:
        return zlib.decompress(base64.b64decode(text, validate=True))
    except (ValueError, zlib.error) as error:
        raise ValueError(f"a mesh is not base64 of zlib: {error}") from error


def _array(text: str, dtype: str) -> NDArray[Any]:
    return np.frombuffer(_unpacked(text), dtype).reshape(-1, 3)


def _kind(value: Any) -> str:
    kind = value.get("kind", "box") if isinstance(value, dict) else getattr(value, "kind", "box")
    return str(kind)


PartSpec = Annotated[
    Annotated[BoxSpec, Tag("box")] | Annotated[MeshSpec, Tag("mesh")], Discriminator(_kind)
]
PARTS: Final[TypeAdapter[list[BoxSpec | MeshSpec]]] = TypeAdapter(list[PartSpec])
"""Reads and writes a list of parts."""


@lru_cache(maxsize=256)
def shape_of(part: BoxSpec | MeshSpec) -> Shape:
    """The part's shape in the world, the same object each time."""
    return part.shape()


def table_of(supports: Iterable[BoxSpec | MeshSpec]) -> BoxSpec | None:
    """The first box on which nobody walks or sits: what the reference calls the table."""
    return next(
        (
            part
            for part in supports
            if isinstance(part, BoxSpec) and not part.walkable and part.seat is None
        ),
        None,
    )
