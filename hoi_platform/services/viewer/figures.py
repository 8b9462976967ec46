"""The person and the object of a clip as VTK actors that follow its frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hoi_platform.core.arrays import Array
from hoi_platform.core.colors import RGB
from hoi_platform.services.viewer.actors import SurfaceActor
from hoi_platform.services.viewer.stage import Stage
from hoi_platform.services.viewer.surfaces import Surface

PERSON_TINT: Final[RGB] = (0.35, 0.62, 0.95)
"""sRGB of the person over the video; chosen, as no room has it."""
OBJECT_TINT: Final[RGB] = (1.0, 0.55, 0.1)
"""sRGB of the object over the video and of its path; chosen."""
GHOST_TINT: Final[RGB] = (0.25, 0.8, 0.4)
"""sRGB of the ground truth; chosen."""


@dataclass(frozen=True)
class Figures:
    """One person and one object on a stage."""

    person: SurfaceActor
    object_parts: tuple[SurfaceActor, ...]

    @classmethod
    def on(
        cls,
        stage: Stage,
        person: Surface,
        object_parts: Sequence[Surface],
        opacity: float = 1.0,
    ) -> "Figures":
        """Put them on a stage."""
        figures = cls(
            SurfaceActor(person, opacity),
            tuple(SurfaceActor(part, opacity) for part in object_parts),
        )
        for part in (figures.person, *figures.object_parts):
            stage.add(part.actor)
        return figures

    def show(self, vertices: Array, T_world_object: Array) -> None:
        """Move them to a frame: body vertices (V, 3) and the object's pose."""
        self.person.deform(vertices)
        for part in self.object_parts:
            part.place(T_world_object)
