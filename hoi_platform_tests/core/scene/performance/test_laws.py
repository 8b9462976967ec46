"""Performances of real characters keep every law of the audit, and are made the same again."""

import numpy as np
import pytest

from hoi_platform.core.errors import StageError
from hoi_platform.core.scene.library.table import BUILDERS
from hoi_platform_tests.core.scene.performance.acts import act, fresh_act
from hoi_platform_tests.core.scene.performance.audit import broken
from hoi_platform_tests.people import CHARACTERS

PEOPLE = sorted(path.stem for path in CHARACTERS.glob("*.yaml"))
SEEDS = range(1, 9)

QUICK = [
    ("mug", 1, "kid"),
    ("hammer", 3, "kid"),
    ("ball", 2, "jason_rigged_001"),
    ("box", 4, "g1_proportioned"),
]
"""Both hands, all characters; thin, round, hollow and large."""


@pytest.mark.parametrize(("name", "seed", "character"), QUICK)
def test_a_performance_keeps_every_law(name: str, seed: int, character: str) -> None:
    """The ground truth would show a hand in the object, a flying object or a sliding foot."""
    assert broken(act(name, seed, character)) == {}


def test_the_quick_acts_use_both_hands_and_all_characters() -> None:
    """One side of the body could be wrong without anybody noticing."""
    hands = np.array([act(*case).performance.contact.any(axis=0) for case in QUICK])
    assert hands.any(axis=0).all()
    assert {character for _, _, character in QUICK} == set(PEOPLE)


def test_the_same_seed_makes_the_same_performance() -> None:
    """A clip could not be made again, and its ground truth would not fit its video."""
    name, seed, character = QUICK[0]
    first, again = act(name, seed, character).performance, fresh_act(name, seed, character)
    assert np.array_equal(first.motion.rotations, again.performance.motion.rotations)
    assert np.array_equal(first.Ts_world_object, again.performance.Ts_world_object)
    assert np.array_equal(first.contact, again.performance.contact)
    assert first.phases == again.performance.phases


@pytest.mark.long
@pytest.mark.parametrize("character", PEOPLE)
@pytest.mark.parametrize("name", BUILDERS)
def test_all_seeds_keep_every_law(name: str, character: str) -> None:
    """A law that holds for a few would be broken for one object, person or scene in fifty."""
    outcome: dict[int, object] = {}
    for seed in SEEDS:
        try:
            made = fresh_act(name, seed, character, 49, 12.0)
        except StageError as error:
            outcome[seed] = str(error)
            continue
        if values := broken(made):
            outcome[seed] = values
    assert outcome == {}
