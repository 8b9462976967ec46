"""The laws by which the generator rejects its own plans: each sees what breaks it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.arrays import Array
from hoi_platform.core.body.hands import Hand
from hoi_platform.core.body.ik import SIDES
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.core.geometry.transforms import rigid
from hoi_platform.core.scene.performance.animate import Animation
from hoi_platform.core.scene.performance.grasp import HandGrasp
from hoi_platform.core.scene.performance.law_rows.arms import ARM_SPEED_RAD_S, arm_speed
from hoi_platform.core.scene.performance.law_rows.contact import self_penetration
from hoi_platform.core.scene.performance.laws import Candidate, Hold, violations
from hoi_platform.core.scene.performance.skinned import BodySample, SkinnedAnimation
from hoi_platform.core.scene.performance.surroundings import Solid
from hoi_platform_tests.core.scene.performance.acts import act
from hoi_platform_tests.core.scene.performance.audit import arm_in_trunk as audited_arm_in_trunk
from hoi_platform_tests.core.scene.performance.planted import arm_in_trunk

CASE = ("box", 4, "g1_proportioned")


@pytest.fixture(scope="module")
def judge() -> Callable[[Animation, float], set[str]]:
    """The names of the laws that an animation of the act breaks, units and joints left out."""
    made = act(*CASE)
    motion, Ts = made.performance.motion, made.performance.Ts_world_object
    side = int(made.performance.contact.sum(axis=0).argmax())
    R, p = (x[:, JOINT[f"{SIDES[side]}_wrist"]] for x in made.frames)
    T_object_wrist = np.linalg.inv(Ts[-1]) @ rigid(R[-1], p[-1])
    grasp = HandGrasp(T_object_wrist, np.zeros(3), np.zeros((5, 3)), np.zeros((5, 3)), 0.0, 0.0)
    held = np.linalg.norm(Ts[:, :3, 3] - Ts[0, :3, 3], axis=1) > 1e-6
    sample, solid = BodySample.of(made.body), Solid.of(made.mesh)

    def names(animation: Animation, fps: float = motion.fps) -> set[str]:
        skinned = SkinnedAnimation.of(animation, sample, solid)
        holds = (Hold(side, held, grasp),)
        found = violations(Candidate("manipulation", skinned, made.spec, solid, fps, holds))
        return {violation.law.split(" (")[0].split(" of ")[0] for violation in found}

    return names


def _animation() -> Animation:
    performance = act(*CASE).performance
    motion = performance.motion
    return Animation(
        motion.rotations.copy(), motion.translation.copy(), performance.Ts_world_object.copy()
    )


def _side() -> str:
    return SIDES[int(act(*CASE).performance.contact.sum(axis=0).argmax())]


def _sunk_object(a: Animation) -> Animation:
    a.Ts_world_object[:3, 2, 3] -= 0.0085
    return a


def _sunk_body(a: Animation) -> Animation:
    """The whole person is on the table's other side of the edge."""
    (table,) = act(*CASE).spec.supports
    a.pelvis[0] = [table.pos[0], table.pos[1], a.pelvis[0, 2]]
    return a


def _through_the_hand(a: Animation) -> Animation:
    palm = Hand(act(*CASE).body, _side()).palm_center
    R, p = (x[-1, JOINT[f"{_side()}_wrist"]] for x in act(*CASE).frames)
    a.Ts_world_object[-1, :3, 3] += 0.5 * (p + R @ palm - a.Ts_world_object[-1, :3, 3])
    return a


def _let_go(a: Animation) -> Animation:
    a.Ts_world_object[-1, 2, 3] += 0.5
    return a


def _late_hand(a: Animation) -> Animation:
    a.pelvis[-1, 0] += 6e-4
    return a


def _turned(joint: str, vector: Array) -> Callable[[Animation], Animation]:
    def change(a: Animation) -> Animation:
        a.rotations[2, JOINT[joint]] = a.rotations[2, JOINT[joint]] @ matrix_from_axis_angle(vector)
        return a

    return change


def _arm_through_the_chest(a: Animation) -> Animation:
    """The free hand lies where the spine is."""
    free = SIDES[1 - SIDES.index(_side())]
    mirror = 1.0 if free == "left" else -1.0
    across = matrix_from_axis_angle(mirror * np.radians(-90) * np.eye(3)[1])
    a.rotations[::4, JOINT[f"{free}_shoulder"]] = across
    a.rotations[::4, JOINT[f"{free}_elbow"]] = matrix_from_axis_angle(
        mirror * np.radians(-150) * np.eye(3)[1]
    )
    return a


@pytest.mark.parametrize(
    ("law", "change"),
    [
        ("object in a support", _sunk_object),
        ("body in a support", _sunk_body),
        ("body in object", _through_the_hand),
        ("grip gap", _let_go),
        ("wrist error", _late_hand),
        ("joint limit excess", _turned("neck", np.array([np.radians(80), 0, 0]))),
        ("arm in trunk", _arm_through_the_chest),
    ],
)
def test_a_broken_law_is_named(
    judge: Callable[[Animation], set[str]], law: str, change: Callable[[Animation], Animation]
) -> None:
    """A plan would be accepted that shows something impossible."""
    assert law in judge(change(_animation()))


def test_what_was_accepted_breaks_nothing(judge: Callable[[Animation], set[str]]) -> None:
    """Every plan would be rejected, or the changes above be found in anything."""
    assert judge(_animation()) == set()


def test_the_speed_of_an_arm_is_in_radians_per_second(
    judge: Callable[[Animation, float], set[str]],
) -> None:
    """The same motion would be too fast in a long clip and slow enough in a short one."""
    animation, side = _animation(), _side()
    fps = act(*CASE).fps
    fastest = arm_speed(animation, side, fps)
    assert arm_speed(animation, side, 2 * fps) == pytest.approx(2 * fastest)
    half = slice(0, len(animation.pelvis) // 2)
    first = replace(animation, rotations=animation.rotations[half])
    second = replace(animation, rotations=animation.rotations[half.stop - 1 :])
    assert max(arm_speed(part, side, fps) for part in (first, second)) == fastest
    for share, expected in ((0.99, set()), (1.01, {"speed"})):
        assert judge(animation, fps * share * ARM_SPEED_RAD_S / fastest) == expected
    steady = animation.rotations.copy()
    turns = 0.2 * np.arange(len(steady))[:, None] * np.array([0.0, 0.0, 1.0])
    steady[:] = np.eye(3)
    steady[:, JOINT[f"{side}_wrist"]] = matrix_from_axis_angle(turns)
    assert arm_speed(replace(animation, rotations=steady), side, 24.0) == pytest.approx(4.8)


@pytest.mark.parametrize("amount", [0.004, 0.009, 0.016])
def test_one_vertex_of_a_hand_in_the_trunk_is_measured(amount: float) -> None:
    """A thumb would be in the belly wherever the sparse sample leaves its vertices out."""
    made = arm_in_trunk(amount)
    motion = made.performance.motion
    animation = Animation(motion.rotations, motion.translation, made.performance.Ts_world_object)
    sample = BodySample.of(made.body)
    skinned = SkinnedAnimation.of(animation, sample, Solid.of(made.mesh, resolution=8))
    assert self_penetration(skinned) == pytest.approx(amount, abs=1e-4)


def test_the_exact_sample_is_the_audit_s() -> None:
    """A performance would be accepted whose arm the audit finds in the trunk."""
    made = act("mug", 1, "kid")
    motion, Ts = made.performance.motion, made.performance.Ts_world_object
    skinned = SkinnedAnimation.of(
        Animation(motion.rotations, motion.translation, Ts),
        BodySample.of(made.body),
        Solid.of(made.mesh, resolution=8),
    )
    assert np.allclose(skinned.vertices, made.vertices, atol=1e-9)
    assert self_penetration(skinned) >= audited_arm_in_trunk(made) - 2e-4
