"""The seeds of a clip's random draws, which are part of its identity."""

import json
import zlib
from hashlib import md5, sha256

from hoi_platform.core.clip import ClipId
from hoi_platform.core.config.gen_2dhoi import RenderingConfig


def scene_seed(base_seed: int, category: str, seed: int | None) -> int:
    """md5 of ``{base_seed}{category}{seed}`` mod 2³¹; None leaves the random seed out.

    This platform's own formula: the reference joins the three with underscores, so that equal
    seeds give other scenes there.
    """
    text = f"{base_seed}{category}{'' if seed is None else seed}"
    return int(md5(text.encode(), usedforsecurity=False).hexdigest(), 16) % 2**31


def clip_scene_seed(base_seed: int, clip: ClipId, rendering: RenderingConfig) -> int:
    """The seed of a clip's scene; with ``no_rand_seed`` all variants of an object share one."""
    seed = None if rendering.no_rand_seed else clip.seed
    return scene_seed(base_seed, clip.object_id.category, seed)


def stance_seed(base_seed: int, clip: ClipId) -> int:
    """Seed of the person's stance."""
    return _stream("stance", base_seed, clip)


def performance_seed(base_seed: int, clip: ClipId) -> int:
    """Seed of a simulated performance."""
    return _stream("performance", base_seed, clip)


def prompt_seed(base_seed: int, clip: ClipId) -> int:
    """Seed of the choice among several base prompts."""
    return _stream("prompt", base_seed, clip)


def first_stance_seed(clip_id: str, seed: int) -> tuple[int, ...]:
    """The stance's seed in scenes of earlier versions, which did not store it."""
    return seed, zlib.crc32(clip_id.encode()), zlib.crc32(b"stance")


def _stream(word: str, base_seed: int, clip: ClipId) -> int:
    """The scene seed's ingredients, the task and a fixed word: no path, key or other name."""
    drawn = [word, base_seed, clip.object_id.category, clip.object_id.task, clip.seed]
    return int.from_bytes(sha256(json.dumps(drawn).encode()).digest()[:8], "big")
