"""Rows and parts of rows that the tables of keys share (see ``keys``)."""

from typing import Final

from hoi_platform.core.config.keys import Key

RUN: Final = Key(note="how the command line runs; no result depends on it")
SCENE: Final = Key(("scene_render", "object_scale if searched"))
VIDEO: Final = ("video_task", "interaction_video")
SIMULATED: Final = Key(tuple(f"{stage} if simulated" for stage in VIDEO))
PERFORMED: Final = Key(("performance", *SIMULATED.reads))
"""What decides what is performed, whether a video shows it or not."""
IMPORTED: Final = Key(tuple(f"{stage} if imported" for stage in VIDEO))
TERMS: Final = ("filtered_hoi",)
"""The packaged clip states the terms of what it was made from, whatever that was."""
STATED: Final = Key(TERMS, note="stated in later records; nothing is made again")
RENDER: Final = Key(("scene_render",))


def fixed_folder(stage: str, *values: str) -> Key:
    """A folder of GRAIL's layout; only ``values`` are accepted when ``stage`` is requested."""
    return Key(
        note="GRAIL's layout, which is fixed here",
        accepts=values,
        refused_by=(stage,),
        cure="remove the key: GRAIL's tools look for the files in the default folder; "
        "--results_dir moves the whole",
    )


def model_rows(key: str, *stages: str, stated: Key = STATED) -> dict[str, Key]:
    """The rows of a ``ModelConfig`` that the backend of stages reads."""
    row, contents = Key(stages), Key(stages, note="the content of the files counts")
    supervision = Key(note="how the program is supervised; no result depends on it")
    return {
        f"{key}.path": contents,
        f"{key}.hub_id": Key(stages, note="counts where no path is given"),
        f"{key}.device": row,
        f"{key}.weights.*": contents,
        f"{key}.options.*": row,
        f"{key}.license": stated,
        f"{key}.commercial_ok": stated,
        f"{key}.runner": row,
        f"{key}.runner.command": contents,
        f"{key}.runner.env.*": row,
        f"{key}.runner.pass_env": row,
        f"{key}.runner.*": supervision,
    }


def refused(stage: str, accepted: tuple[object, ...], cure: str) -> Key:
    """A key of GRAIL's of which only ``accepted`` values are supported here."""
    return Key(accepts=accepted, refused_by=(stage,), cure=cure)
