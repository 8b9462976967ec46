"""What a builder of the library returns."""

from dataclasses import dataclass

from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.geometry.textured_mesh import TexturedMesh


@dataclass(frozen=True, eq=False)
class LibraryObject:
    """A mesh and where a hand would naturally take it, in one frame."""

    mesh: TexturedMesh
    grasp: GraspHint

    def centered(self) -> "LibraryObject":
        """Moved so that the bounding box is centered on the origin."""
        mesh, (x, y, z) = self.mesh.centered()
        return LibraryObject(mesh, self.grasp.moved((-x, -y, -z)))
