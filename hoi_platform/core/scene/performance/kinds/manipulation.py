"""A person grasps the object on a table, lifts it, brings it before the chest and turns it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

import numpy as np

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.hands import Hand
from hoi_platform.core.body.ik import SIDES, Side
from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.motion import BodyMotion
from hoi_platform.core.config.objects import GraspHint
from hoi_platform.core.errors import StageError
from hoi_platform.core.geometry.mesh import TriangleMesh
from hoi_platform.core.geometry.rotations import rotation_angle
from hoi_platform.core.geometry.transforms import inverse
from hoi_platform.core.scene.performance.animate import Animation, animate
from hoi_platform.core.scene.performance.grasp import GripSites, found_sites, hinted_sites
from hoi_platform.core.scene.performance.kind import Performance, PerformanceKind
from hoi_platform.core.scene.performance.laws import Candidate, Hold, Violation, violations
from hoi_platform.core.scene.performance.plan import (
    KeyPose,
    Plan,
    draw_timing,
    plan_grasps,
    plan_holds,
)
from hoi_platform.core.scene.performance.reaching import Reacher
from hoi_platform.core.scene.performance.skinned import GRIP_M, BodySample, SkinnedAnimation
from hoi_platform.core.scene.performance.stance import Stance, stance_of
from hoi_platform.core.scene.performance.surroundings import Solid, Surroundings
from hoi_platform.core.scene.spec import SceneSpec

_NAME: Final = "manipulation"
ATTEMPTS: Final = 96
"""Plans that are tried; measured: of 288 scenes one needs 57, all others fewer than 50."""
_DRAWS: Final = 4
"""Times that grips are drawn anew for each hand; chosen: enough plans for all attempts."""
_GRASPS: Final = 4
"""Number of grasps of each hand that are tried, the cheapest; chosen."""


@dataclass(frozen=True)
class _Setting:
    """What all attempts share."""

    body: BodyModel
    spec: SceneSpec
    around: Surroundings
    solid: Solid
    sparse: BodySample
    sample: BodySample
    stance: Stance
    times: Array  # (T,) seconds
    fps: float


def perform(
    body: BodyModel,
    spec: SceneSpec,
    mesh: TriangleMesh,
    frames: int,
    fps: float,
    rng: np.random.Generator,
    grasp: GraspHint | None = None,
) -> Performance:
    """A performance that obeys all laws; frame 0 is the stance that ``spec`` fixes.

    ``mesh`` is in meters (scaled); ``grasp`` in the units of the unscaled mesh. Deterministic for
    a generator's state. Raises StageError that names the broken laws when no plan is found, and
    where the object lies on the floor.
    """
    stance, times = stance_of(body, spec), np.arange(frames) / fps
    around = Surroundings.below_object(spec, mesh)
    solid, sparse = Solid.of(mesh), BodySample.sparse(body)
    shared = _Setting(
        body=body,
        spec=spec,
        around=around,
        solid=solid,
        sparse=sparse,
        sample=BodySample.of(body),
        stance=stance,
        times=times,
        fps=fps,
    )
    broken: list[Violation] = []
    for reacher, plan in islice(_plans(shared, grasp, rng), ATTEMPTS):
        animation = animate(reacher, plan, times)
        for sample in (shared.sparse, shared.sample):  # what an estimate refuses is not measured
            skinned = SkinnedAnimation.of(animation, sample, solid)
            if found := _broken(shared, reacher, plan, skinned):
                break
        else:
            return _finished(shared, animation, skinned, plan, fps)
        broken += found
    raise StageError(_explained(spec, broken))


def _explained(spec: SceneSpec, broken: list[Violation]) -> str:
    head = f"{spec.clip_id}: no performance of {spec.character} obeys its laws; "
    if not broken:
        return head + "no grasp of the object is within reach: bring person and object together"
    nearest = {
        law: min((v for v in broken if v.law == law), key=lambda v: v.value)
        for law, _ in Counter(v.law for v in broken).most_common(3)
    }
    laws = "; ".join(f"{violation} at best" for violation in nearest.values())
    return head + f"most often: {laws}. Move the person or the object, or give a grasp hint"


def _plans(
    shared: _Setting, grasp: GraspHint | None, rng: np.random.Generator
) -> Iterator[tuple[Reacher, Plan]]:
    """Plans, the most natural first; where a hint does not help, found grips follow."""
    sides = _sides(shared, rng)
    hints = [None] if grasp is None else [grasp, None]
    for _, hint, side in product(range(_DRAWS), hints, sides):
        reacher = Reacher(shared.body, shared.spec, shared.around, shared.stance, side)
        grasps = plan_grasps(reacher, shared.solid, _sites(shared, reacher, hint, rng), rng)
        for held, at_grasp in grasps[:_GRASPS]:
            holds = plan_holds(reacher, held, shared.solid, rng)
            for first, second in _pairs(holds)[:2]:
                Ts = np.stack([shared.spec.T_world_object_array(), first[0], second[0]])
                timing = draw_timing(float(shared.times[-1]), rng)
                yield reacher, Plan(held, at_grasp, (first[1], second[1]), Ts, timing)


def _sides(shared: _Setting, rng: np.random.Generator) -> list[Side]:
    """The hand on the object's side first, mostly; the right one when it is in the middle."""
    p = inverse(np.array(shared.spec.T_world_person)) @ shared.spec.T_world_object_array()
    sideways = p[0, 3] / (0.06 * shared.body.height_m) + 0.8
    right = rng.random() < 1 / (1 + np.exp(-2.0 * sideways))
    return list(SIDES[::-1]) if right else list(SIDES)


def _sites(
    shared: _Setting, reacher: Reacher, grasp: GraspHint | None, rng: np.random.Generator
) -> GripSites:
    if grasp is not None:
        return hinted_sites(grasp, np.array(shared.spec.object_scale), rng)
    finger = np.linalg.norm(Hand(shared.body, reacher.side).joints[6])
    return found_sites(shared.solid, float(0.6 * finger), rng)


def _pairs(holds: list[tuple[Array, KeyPose]]) -> list[tuple[tuple[Array, KeyPose], ...]]:
    """Pairs of holds that differ by a visible turn, cheap ones first."""
    pairs = []
    for i, first in enumerate(holds[:6]):
        for j, second in enumerate(holds[:12]):
            angle = np.rad2deg(rotation_angle(first[0][:3, :3], second[0][:3, :3]))
            if i != j and 20 < angle < 80:
                pairs.append((first[1].cost + second[1].cost, i, j))
    return [(holds[i], holds[j]) for _, i, j in sorted(pairs)]


def _broken(
    shared: _Setting, reacher: Reacher, plan: Plan, skinned: SkinnedAnimation
) -> list[Violation]:
    held = shared.times >= plan.timing.lift
    holds = (Hold(SIDES.index(reacher.side), held, plan.grasp),)
    return violations(Candidate(_NAME, skinned, shared.spec, shared.solid, shared.fps, holds))


def _finished(
    shared: _Setting, animation: Animation, skinned: SkinnedAnimation, plan: Plan, fps: float
) -> Performance:
    closing = shared.times >= plan.timing.grasp
    contact = (skinned.hand_distance() < GRIP_M) & closing[:, None]
    motion = BodyMotion(animation.rotations, animation.pelvis, fps)
    return Performance(motion, animation.Ts_world_object, contact, plan.timing.phases)


KINDS = (PerformanceKind(_NAME, perform),)
