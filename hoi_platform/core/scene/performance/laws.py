"""The registry of laws: what every simulated motion obeys, measured on the skinned body."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array, Mask
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.registry import Registry
from hoi_platform.core.scene.parts import shape_of
from hoi_platform.core.scene.performance.grasp import HandGrasp
from hoi_platform.core.scene.performance.skinned import SkinnedAnimation
from hoi_platform.core.scene.performance.surroundings import Solid, support_distance
from hoi_platform.core.scene.spec import SceneSpec

_OBJECT_POINTS: Final = 500
"""Number of points on its surface; chosen: 1 cm apart on a hand-sized object."""


@dataclass(frozen=True)
class Hold:
    """A hand that holds the object."""

    side: int
    """0 left, 1 right."""
    frames: Mask  # (T,)
    grasp: HandGrasp


@dataclass(frozen=True)
class Candidate:
    """An animated plan with all that laws look at."""

    kind: str
    """Kind of performance."""
    skinned: SkinnedAnimation
    spec: SceneSpec
    solid: Solid
    fps: float
    holds: tuple[Hold, ...] = ()

    @cached_property
    def object_points(self) -> Array:
        """(T, N, 3) points of the object's surface in the world."""
        surface = self.solid.mesh.sample_surface(_OBJECT_POINTS, np.random.default_rng(0))[0]
        return transform_points(self.skinned.animation.Ts_world_object, surface[None])

    def support_distance(self, points: Array) -> Array:
        """World points (..., 3) → signed distance (...) to the nearest support."""
        return support_distance([shape_of(part) for part in self.spec.supports], points)


@dataclass(frozen=True)
class Law:
    """What must not exceed ``limit``; ``unit`` is that of both."""

    name: str
    limit: float
    unit: str
    measure: Callable[[Candidate], float]
    where: Callable[[Candidate], str] = lambda _: ""
    """Names the place of the largest value, for the violation's text."""
    kinds: frozenset[str] | None = None
    """The kinds of performance that it binds; None: all."""


LAWS: Final = Registry("law", "hoi_platform.core.scene.performance.law_rows", "LAWS", Law)


@dataclass(frozen=True)
class Violation:
    """One broken law."""

    law: str
    value: float
    limit: float

    def __str__(self) -> str:
        return f"{self.law} is {self.value:.4g}, limit {self.limit:g}"


def violations(candidate: Candidate) -> list[Violation]:
    """The laws of its kind that a candidate breaks; a value that is nan breaks its law."""
    found = []
    for law in LAWS.rows().values():
        if law.kinds is not None and candidate.kind not in law.kinds:
            continue
        value = float(law.measure(candidate))
        if not value <= law.limit:
            where = law.where(candidate)
            name = f"{law.name} of {where}" if where else law.name
            found.append(Violation(f"{name} ({law.unit})", value, law.limit))
    return found
