"""Partition keys: slugs that are given once and never derived again."""

import re
import unicodedata
from collections.abc import Collection
from itertools import count
from typing import Final

from hoi_platform.core.clip import ObjectId

KEY: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOST_KEY: Final = 128
"""Longest partition key (characters); chosen."""
_NAMELESS: Final = "object"


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits, single hyphens between them; never empty."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower())) or _NAMELESS


def new_key(object_id: ObjectId, used: Collection[str]) -> str:
    """``<category>[-<task>][-<n>]``, the first that is free; at most ``MOST_KEY`` characters.

    It begins with what distinguishes objects, so that a narrow column still shows it.
    """
    task = "" if object_id.is_first else f"-{slug(object_id.task)}"
    for n in count(1):
        ending = task if n == 1 else f"{task}-{n}"
        key = slug(object_id.category)[: MOST_KEY - len(ending)].rstrip("-") + ending
        if key not in used:
            return key
    raise AssertionError
