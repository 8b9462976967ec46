"""What earlier versions did not identify by content, and its identity today."""

from typing import Any, Final

import numpy as np

from hoi_platform.core.geometry.topology import MeshStatistics
from hoi_platform.core.scene.prompts import template_prompt
from hoi_platform.core.scene.seeds import prompt_seed
from hoi_platform.services.artifacts.context import Context
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.meshes.library import build_library_object

_SEEDS: Final = ("stance_seed", "performance_seed")
"""Drawn by a clip's path: what was made with them goes with the scene that it was made in."""

_RENAMED: Final = {
    ("reconstruction", f"torch-{body}"): "torch" for body in ("anny", "smplx", "soma", "g1_smplx")
}
"""Stage and its backend's former name → the same backend's name today."""
_SHAPE: Final = ("vertices", "faces", "extents", "area", "volume")
"""Facts of a mesh that show whether the library still builds the same one."""


def backend_today(record: ArtifactRecord) -> str:
    """What the backend that made a record is called today, without what ran there."""
    return _RENAMED.get((record.asset, record.backend_name), record.backend_name)


def as_recorded_then(
    record: ArtifactRecord, settings: dict[str, Any], context: Context
) -> dict[str, Any]:
    """Today's settings of a stage, as the version of a record would have written them."""
    old = record.settings
    same: dict[str, Any] = {name: old[name] for name in _SEEDS if name in old}
    if record.asset == "video_prompt" and old.get("prompt") in _prompts(context):
        same["prompt"] = old["prompt"]
    if record.asset == "object_mesh" and _is_library_s(record, context):
        same["source"] = old["source"]
    return settings | same


def prompt_today(context: Context, text: str) -> str:
    """The base prompt that is drawn today where version 1 drew ``text`` by the clip's path.

    A text that is not among today's prompts stays as it is: the configuration was a different one.
    """
    if text not in _prompts(context):
        return text
    gen = context.settings.gen_2dhoi
    name = context.entry.prompt_name(context.object_id.category)
    seed = prompt_seed(gen.simulation.seed, context.clip)
    return template_prompt(gen.video.base_prompt, name, seed).text


def _prompts(context: Context) -> set[str]:
    """Every prompt that can be drawn for the object; which one it was went by the path."""
    base = context.settings.gen_2dhoi.video.base_prompt
    name = context.entry.prompt_name(context.object_id.category)
    return {template_prompt(base, name, index).text for index in range(len(base))}


def _is_library_s(record: ArtifactRecord, context: Context) -> bool:
    """Whether a mesh is what the library builds today.

    Version 1 named the object and the source of the whole library: ``<object>:<hash>``.
    """
    name, colon, _ = str(record.settings.get("source", "")).partition(":")
    if not colon or context.catalogue.source_path(context.object_id) is not None:
        return False
    today: dict[str, Any] = MeshStatistics.of(build_library_object(name).mesh.geometry()).facts()
    return all(
        np.allclose(record.facts.get(fact, np.nan), today[fact], rtol=1e-6) for fact in _SHAPE
    )
