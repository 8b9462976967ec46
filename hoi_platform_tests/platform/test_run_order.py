"""The order of a batch, over any number of objects, clips and slots."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from hoi_platform.assets.stage import flow_order
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.runner.order import Part, run_order

ASSETS = [name for name in flow_order() if ARTIFACTS[name].scope != "index"]


def parts(counts: list[int], slots: int) -> list[Part]:
    """The parts of objects with so many clips each, of every asset."""
    work = [(ObjectId("d", f"o{i}"), range(1, count + 1)) for i, count in enumerate(counts)]
    return list(run_order(work, ASSETS, lambda o, s: ClipId(o, "kid", "room", s), lambda _: slots))


@given(st.lists(st.integers(0, 5), max_size=4), st.integers(1, 6))
def test_videos_are_submitted_side_by_side_up_to_the_slots(counts: list[int], slots: int) -> None:
    """A night would wait for one video after the other, or for a slot that nobody frees."""
    open_: set[object] = set()
    most = 0
    for part in parts(counts, slots):
        open_ |= {part.subject} if "video_task" in part.assets else set()
        most = max(most, len(open_))
        open_ -= {part.subject} if "interaction_video" in part.assets else set()
    assert most == min(slots, sum(counts))
    assert open_ == set()


@given(st.lists(st.integers(0, 5), max_size=4), st.integers(1, 6))
def test_each_asset_is_made_once_after_what_it_needs(counts: list[int], slots: int) -> None:
    """A stage would be left out, made twice, or before its inputs."""
    made: dict[object, list[str]] = {}
    for part in parts(counts, slots):
        if isinstance(part.subject, ClipId):
            assert made[part.subject.object_id]
        made.setdefault(part.subject, []).extend(part.assets)
    scopes = Counter(ARTIFACTS[name].scope for name in ASSETS)
    for subject, assets in made.items():
        scope = "clip" if isinstance(subject, ClipId) else "object"
        assert assets == [name for name in ASSETS if ARTIFACTS[name].scope == scope]
        assert len(assets) == scopes[scope]
    assert sum(isinstance(subject, ClipId) for subject in made) == sum(counts)
