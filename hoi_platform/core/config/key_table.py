"""The table of keys, put together (see ``keys``)."""

from typing import Final

from hoi_platform.core.config.gen_keys import GEN_KEYS
from hoi_platform.core.config.key_rows import (
    PERFORMED,
    RENDER,
    SCENE,
    STATED,
    TERMS,
    VIDEO,
)
from hoi_platform.core.config.keys import Key
from hoi_platform.core.config.recon_keys import RECON_KEYS

_OBJECT: Final[dict[str, Key]] = {
    "obj_scale": Key(("settled_pose", "object_scale if not searched")),
    "real_size_m": Key(("settled_pose", "object_scale if not searched")),
    "scene": SCENE,
    "task": Key(note="which configuration applies to the object"),
    "name": Key(("video_prompt", "object_scale if searched")),
    "source": Key(
        ("object_mesh",), may_change=("performance", *VIDEO, *TERMS)
    ),  # the library's objects have a grasp of their own
    "up": Key(("object_mesh if from a file",)),
    "grasp.*": PERFORMED,
    "license": STATED,
    "commercial_ok": STATED,
}

KEYS: Final[dict[str, Key]] = {
    "profile": Key(note="a layer of values; the values count"),
    **{f"gen_2dhoi.{name}": key for name, key in GEN_KEYS.items()},
    **{f"recon_4dhoi.{name}": key for name, key in RECON_KEYS.items()},
    **{f"object.{name}": key for name, key in _OBJECT.items()},
    "sizes.*": Key(("object_scale if sized by its category",)),
    "scene.name": Key(note="has to be the file's name"),
    "scene.*": SCENE,
    "scene.*.*": SCENE,
    "scene.requirements.*": RENDER,
    "character.*": SCENE,
    "character.phenotype.*": SCENE,
    "character.palette.*": SCENE,
}
