"""Random draws go by content: no path, key or other name is in them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.scene.performance.stance import draw_stance, stance_of
from hoi_platform.core.scene.seeds import (
    first_stance_seed,
    performance_seed,
    prompt_seed,
    stance_seed,
)
from hoi_platform_tests.core.scene.performance.acts import scene
from hoi_platform_tests.people import person

STREAMS = (stance_seed, performance_seed, prompt_seed)
CLIP = ClipId(ObjectId("A", "mug"), "kid", "room", 3)


@pytest.mark.parametrize("stream", STREAMS)
def test_names_that_are_no_content_change_no_draw(stream: Callable[[int, ClipId], int]) -> None:
    """A renamed dataset, character or scene, or a folder with a task, would redo every clip."""
    renamed = ClipId(ObjectId("B", "mug", is_first=False), "child", "hall", 3)
    assert stream(42, renamed) == stream(42, CLIP)


@pytest.mark.parametrize("stream", STREAMS)
def test_every_ingredient_changes_the_draw(stream: Callable[[int, ClipId], int]) -> None:
    """Variants, categories or tasks would show the same person in the same motion."""
    others = [
        replace(CLIP, seed=4),
        replace(CLIP, object_id=ObjectId("A", "box")),
        replace(CLIP, object_id=ObjectId("A", "mug", "sitting")),
    ]
    assert len({stream(42, CLIP), stream(43, CLIP), *(stream(42, clip) for clip in others)}) == 5


def test_streams_of_a_clip_are_independent() -> None:
    """Stance and performance would be drawn with the same numbers."""
    assert len({stream(42, CLIP) for stream in STREAMS}) == len(STREAMS)


def test_a_scene_of_an_earlier_version_keeps_its_stance() -> None:
    """Its performance would begin with another pose than its conditioning frame shows."""
    spec = scene("mug", 1).model_copy(update={"stance_seed": None})
    body = person("kid")
    rng = np.random.default_rng(first_stance_seed(spec.clip_id, spec.seed))
    drawn = draw_stance(body, np.array(spec.T_world_person), rng)
    assert np.array_equal(stance_of(body, spec).rotations, drawn.rotations)
    assert not np.array_equal(stance_of(body, scene("mug", 1)).rotations, drawn.rotations)
