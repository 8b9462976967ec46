"""Laws of ids, paths and partition keys."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.core.clip import (
    FIRST_TASK,
    ClipId,
    ObjectId,
    parse_clip_path,
    parse_object_path,
)
from hoi_platform.core.errors import BadInputError
from hoi_platform.core.keys import MOST_KEY, new_key, slug

KEY = re.compile(r"[a-z0-9]([a-z0-9-]{0,126}[a-z0-9])?")
AWKWARD = ("a", "A", "a_b", "a__b", "a__sitting", "a_", "a__", "v1.2", "x" * 128, "a___b", "9-9")

names = st.one_of(
    st.sampled_from(AWKWARD),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}", fullmatch=True).filter(
        lambda name: ".." not in name
    ),
)
tasks = st.sampled_from((FIRST_TASK, "sitting", "a_b", "t.1", "walk_"))
scenes = st.sampled_from(("indoor2-manipulation", "a", "v1.2"))
characters = st.sampled_from(("kid", "jason_rigged_001", "a__b", "x_rand00001"))


def objects() -> st.SearchStrategy[ObjectId]:
    return st.builds(ObjectId, names, names, tasks, st.booleans())


def first_task_of(object_id: ObjectId) -> str:
    return object_id.task if object_id.is_first else f"before-{object_id.task}"


@given(objects())
def test_parsing_inverts_the_path_of_an_object(object_id: ObjectId) -> None:
    """parse ∘ format = id, else the artifacts of a second task would be found under the first."""
    first = first_task_of(object_id)
    assert parse_object_path(object_id.path, lambda *_: first) == object_id


@given(objects(), characters, scenes, st.integers(1, 128))
def test_parsing_inverts_the_path_of_a_clip(
    object_id: ObjectId, character: str, scene: str, seed: int
) -> None:
    """parse ∘ format = id, else the index would show another clip than the folder holds."""
    clip, first = ClipId(object_id, character, scene, seed), first_task_of(object_id)
    assert parse_clip_path(clip.path, lambda *_: first) == clip


@given(objects(), objects())
def test_no_two_objects_share_a_folder(one: ObjectId, other: ObjectId) -> None:
    """Two objects would overwrite each other's meshes."""
    same_object = (one.dataset, one.category) == (other.dataset, other.category)
    if one != other and not (
        same_object and (one.is_first == other.is_first or one.task == other.task)
    ):
        assert one.path != other.path


@given(st.lists(objects(), max_size=20), st.sets(st.sampled_from(("a", "a-2", "a-b", "v1-2"))))
def test_keys_are_slugs_and_each_is_given_once(ids: list[ObjectId], retired: set[str]) -> None:
    """A key matches the pattern and no other, else cells vanish from Dagster's page."""
    taken = set(retired)
    for object_id in ids:
        key = new_key(object_id, taken)
        assert KEY.fullmatch(key)
        assert "--" not in key
        assert key not in taken
        assert key[:1] == slug(object_id.category)[:1]
        taken.add(key)


@given(st.text(max_size=200))
def test_a_slug_of_any_text_is_one(text: str) -> None:
    """A category in another script would end in an empty or refused key."""
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(text))
    assert slug(slug(text)) == slug(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Große Tasse", "grosse-tasse"), ("ÉTAGÈRE_02", "etagere-02"), ("椅子", "object")],
)
def test_slugs_of_other_scripts(text: str, expected: str) -> None:
    """Upper case or an accent would be lost with the letter that carries it."""
    assert slug(text) == expected


def test_a_task_stands_in_the_key_of_a_later_task_alone() -> None:
    """Every column of the grid would be filled with the same words."""
    taken: set[str] = set()
    for task, is_first, expected in (
        ("manipulation", True, "cordless-drill"),
        ("sitting", False, "cordless-drill-sitting"),
    ):
        taken.add(key := new_key(ObjectId("A", "cordless_drill", task, is_first), taken))
        assert key == expected
    other = ObjectId("B", "cordless_drill")
    assert new_key(other, taken) == "cordless-drill-2"
    assert len(new_key(ObjectId("A", "x" * 128, "sitting", False), taken)) == MOST_KEY


@pytest.mark.parametrize("name", ["x" * 129, "a/b", "", "_a", "a..b", "tässe"])
def test_unusable_names_are_refused(name: str) -> None:
    """A name would leave the results folder, or fail when a file is written."""
    with pytest.raises(BadInputError, match="not usable as a name"):
        ObjectId("D", name)


def test_a_clip_whose_name_no_file_system_takes_is_refused() -> None:
    """The clip would fail after its render, at the first file that is written."""
    with pytest.raises(BadInputError, match=r"too long together.*rename"):
        ClipId(ObjectId("D", "mug"), "c" * 128, "s" * 128, 1)
