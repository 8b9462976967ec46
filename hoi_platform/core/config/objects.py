"""The object catalogue (``configs/objects/*.yaml`` and the user's own entries)."""

from typing import Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from hoi_platform.core.arrays import Vec3
from hoi_platform.core.config.base import Config


class GraspHint(Config):
    """A power grasp in object coordinates and mesh units (before ``obj_scale``)."""

    point: Vec3
    """The middle of the grasped part, on its axis: between palm and fingers (mesh units)."""
    approach: Vec3
    """Direction in which the palm moves onto the object (unit vector; any length is accepted)."""
    axis: Vec3
    """Direction of the part, perpendicular to ``approach``, + to the thumb's side (unit vector)."""
    width: float = Field(gt=0)
    """Thickness of the part between palm and fingers (mesh units)."""

    @field_validator("approach", "axis")
    @classmethod
    def _normalize(cls, value: Vec3) -> Vec3:
        length = float(np.linalg.norm(value))
        if not 1e-9 < length < np.inf:
            raise ValueError("a direction needs a length")
        return value[0] / length, value[1] / length, value[2] / length

    @model_validator(mode="after")
    def _check_perpendicular(self) -> "GraspHint":
        if abs(float(np.dot(self.approach, self.axis))) > 0.05:
            raise ValueError("approach and axis must be perpendicular (within 3 degrees)")
        return self

    def moved(self, offset: Vec3) -> "GraspHint":
        x, y, z = (a + b for a, b in zip(self.point, offset, strict=True))
        return self.model_copy(update={"point": (x, y, z)})


class ObjectEntry(Config):
    """One object: the reference's ``obj_scale`` and ``scene``; all further fields are optional."""

    obj_scale: Vec3 | None = None
    """Meters per mesh unit along x, y, z; a single number applies to all three. None: from its real
    size."""
    scene: str = "indoor2-manipulation"
    """Name of its scene, a file of ``configs/scenes``."""
    task: str = "manipulation"
    """What is done with it."""
    name: str | None = None
    """What a prompt calls it; None: the category, with spaces for underscores."""
    source: str | None = None
    """``library:<name>`` or a mesh file (relative to the catalogue file's folder)."""
    up: Literal["y", "z"] = "z"
    """The source's upward axis."""
    real_size_m: float | None = Field(None, gt=0, le=50)
    """Longest side of the real object (m); used when there is no ``obj_scale``."""
    license: str | None = None
    """License of the mesh, an SPDX identifier where there is one; None: unknown. Objects of the
    library have the platform's."""
    commercial_ok: bool | None = None
    """Whether commercial use is permitted; None: what is known of the license."""
    grasp: GraspHint | None = None
    """Where to grasp it; None: the library's hint, or found from the geometry."""

    @field_validator("obj_scale", mode="before")
    @classmethod
    def _one_for_all(cls, value: object) -> object:
        return (value,) * 3 if isinstance(value, int | float) else value

    @field_validator("obj_scale")
    @classmethod
    def _check_scale(cls, value: Vec3 | None) -> Vec3 | None:
        if value is not None and not all(0 < factor < 1e6 for factor in value):
            raise ValueError("every factor must lie between 0 and 1e6")
        return value

    def prompt_name(self, category: str) -> str:
        return self.name or category.replace("_", " ")


class ObjectsFile(Config):
    """A catalogue file: the reference's ``objects``, and the dataset that they belong to."""

    dataset: str | None = None
    """Dataset of its objects; None: the file's name without its extension."""
    objects: dict[str, ObjectEntry]
    """Category → object."""


class SizesFile(Config):
    """``real_world_sizes.yaml``: longest side in meters by category word."""

    sizes: dict[str, float]
    """Category word → longest side (m), over 0 and below 50."""

    @field_validator("sizes")
    @classmethod
    def _positive(cls, value: dict[str, float]) -> dict[str, float]:
        if bad := [word for word, size in value.items() if not 0 < size < 50]:
            raise ValueError(f"sizes of {', '.join(bad)} must lie between 0 and 50 m")
        return value
