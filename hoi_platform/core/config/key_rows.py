"""What rows of the table of keys have in common (see ``keys``)."""

from typing import Final

from hoi_platform.core.config.keys import Key

RUN: Final = Key(note="how the command line runs; no result depends on it")
SCENE: Final = Key(("scene_render", "object_scale if searched"))
VIDEO: Final = ("video_task", "interaction_video")
SIMULATED: Final = Key(tuple(f"{stage} if simulated" for stage in VIDEO))
RENDER: Final = Key(("scene_render",))


def fixed_folder(stage: str, *values: str) -> Key:
    """A folder of GRAIL's layout; only ``values`` are accepted when ``stage`` is asked for."""
    return Key(
        note="GRAIL's layout, which is fixed here",
        accepts=values,
        refused_by=(stage,),
        cure="remove the key: GRAIL's tools look for the files in the default folder; "
        "--results_dir moves the whole",
    )


def refused(stage: str, accepted: tuple[object, ...], cure: str) -> Key:
    """A key of GRAIL's of which only ``accepted`` values are the case here."""
    return Key(accepts=accepted, refused_by=(stage,), cure=cure)
