"""The registry of laws: what every performance obeys, measured on the skinned body."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from hoi_platform.core.geometry.rotations import Array
from hoi_platform.core.geometry.transforms import transform_points
from hoi_platform.core.registry import Registry
from hoi_platform.core.scene.parts import shape_of
from hoi_platform.core.scene.performance.grasp import HandGrasp
from hoi_platform.core.scene.performance.measured import Mask, Measured
from hoi_platform.core.scene.performance.surroundings import Solid, support_distance
from hoi_platform.core.scene.spec import SceneSpec

_OBJECT_POINTS: Final = 500


@dataclass(frozen=True)
class Hold:
    """A hand that has the object."""

    side: int
    """0 left, 1 right."""
    frames: Mask  # (T,)
    grasp: HandGrasp


@dataclass(frozen=True)
class Act:
    """A measured plan with all that laws may look at."""

    performance: str
    """Its kind."""
    measured: Measured
    spec: SceneSpec
    solid: Solid
    fps: float
    holds: tuple[Hold, ...] = ()

    @cached_property
    def object_points(self) -> Array:
        """(T, N, 3) points of the object's surface in the world."""
        surface = self.solid.mesh.sample_surface(_OBJECT_POINTS, np.random.default_rng(0))[0]
        return transform_points(self.measured.animation.Ts_world_object, surface[None])

    def support_distance(self, points: Array) -> Array:
        """World points (..., 3) → signed distance (...) to the nearest support."""
        return support_distance([shape_of(part) for part in self.spec.supports], points)


@dataclass(frozen=True)
class Law:
    """What must not exceed ``limit``; ``unit`` is that of both."""

    name: str
    limit: float
    unit: str
    measure: Callable[[Act], float]
    where: Callable[[Act], str] = lambda _: ""
    """Names the place of the largest value, for the violation's text."""
    performances: frozenset[str] | None = None
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


def violations(act: Act) -> list[Violation]:
    """The laws of its kind of performance that an act breaks; no number breaks a law too."""
    found = []
    for law in LAWS.rows().values():
        if law.performances is not None and act.performance not in law.performances:
            continue
        value = float(law.measure(act))
        if not value <= law.limit:
            where = law.where(act)
            name = f"{law.name} of {where}" if where else law.name
            found.append(Violation(f"{name} ({law.unit})", value, law.limit))
    return found
