"""Splits by object: no leak, no move when a dataset grows."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.core.splits import SPLITS, shape_digest, split_objects
from hoi_platform_tests.hoi_samples import box_mesh

NAMES = st.text("abcdef", min_size=1, max_size=4)
SHAPES = st.dictionaries(NAMES, st.sets(st.integers(0, 9).map(str), min_size=1, max_size=3))


@given(SHAPES)
def test_objects_of_one_shape_are_in_one_split(shapes: dict[str, set[str]]) -> None:
    """Law: shapes[a] ∩ shapes[b] ≠ ∅ → split(a) = split(b), whatever links them."""
    where = split_objects(shapes)
    assert where.keys() == shapes.keys()
    for a, b in combinations(shapes, 2):
        assert not shapes[a] & shapes[b] or where[a] == where[b]


@given(SHAPES, NAMES)
def test_a_new_object_moves_nothing(shapes: dict[str, set[str]], name: str) -> None:
    """Law: an object of a new shape changes no other object's split."""
    before = split_objects(shapes)
    after = split_objects({name: {"new"}} | shapes)
    assert {key: after[key] for key in before} == before


def test_about_one_in_ten_is_for_testing() -> None:
    """Everything would be trained on, or hardly anything."""
    where = split_objects({f"D/{n}": {str(n)} for n in range(4000)})
    shares = {split: list(where.values()).count(split) / 4000 for split in SPLITS}
    assert 0.08 < shares["test"] < 0.12
    assert 0.08 < shares["validation"] < 0.12
    assert split_objects({"ComAsset/mug": {"x"}}) == {"ComAsset/mug": "train"}  # on any machine


def test_a_shape_is_known_whatever_its_size_place_and_order() -> None:
    """The same mesh under another name, scaled, would be in another split."""
    vertices, _ = box_mesh((0.1, 0.2, 0.3))
    rng = np.random.default_rng(0)
    moved = 2.5 * rng.permutation(np.repeat(vertices, 2, axis=0)) + [1.0, 2.0, 3.0]
    assert shape_digest(moved) == shape_digest(vertices)
    other, _ = box_mesh((0.1, 0.2, 0.31))
    assert shape_digest(other) != shape_digest(vertices)
    assert shape_digest(np.zeros((3, 3))) == shape_digest(np.ones((2, 3)))
