"""What each key of the configuration does here: the one table.

A key's value is in the fingerprint of the stages of ``reads`` and of no other. A key without
``reads`` says in ``note`` what it does instead. A value outside ``accepts`` is refused when one of
the stages of ``refused_by`` is requested: honoring it would change the result, and this platform
cannot. Used by the loader, by ``hoi config explain`` and by the test that walks every field.

Keys are paths with ``*`` for any one part; the most exact one counts. A stage may carry a
condition of ``CONDITIONS``: ``object_scale if searched``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hoi_platform.core.config.gen_2dhoi import PROMPTLESS_VIDEO
from hoi_platform.core.config.objects import ObjectEntry
from hoi_platform.core.config.settings import Settings

Condition = Callable[[Settings, ObjectEntry], bool]


def _paid(settings: Settings) -> bool:
    return settings.gen_2dhoi.video.model_api not in PROMPTLESS_VIDEO


CONDITIONS: Final[dict[str, Condition]] = {
    "paid": lambda s, _: _paid(s),
    "simulated": lambda s, _: s.gen_2dhoi.video.model_api == "simulated",
    "imported": lambda s, _: s.gen_2dhoi.video.model_api == "imported",
    "refined": lambda s, _: _paid(s) and not s.gen_2dhoi.video.skip_prompt_refinement,
    "refinable": lambda s, _: not s.gen_2dhoi.video.skip_prompt_refinement,
    "searched": lambda s, _: not s.gen_2dhoi.skip_step2,
    "not searched": lambda s, _: s.gen_2dhoi.skip_step2,
    "sized by its category": lambda s, e: (
        s.gen_2dhoi.skip_step2 and e.obj_scale is None and e.real_size_m is None
    ),
    "from a file": lambda _, e: e.source is not None and not e.source.startswith("library:"),
}


@dataclass(frozen=True)
class Key:
    """What one key, or every key that a pattern covers, does here."""

    reads: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    """Stages that a new value may reach by another way: the clip's id draws its base prompt."""
    note: str = ""
    accepts: tuple[Any, ...] | Callable[[Any], bool] = lambda _: True
    refused_by: tuple[str, ...] = ()
    cure: str = ""

    def is_accepted(self, value: Any) -> bool:
        """Whether this platform can honor the value, or it changes nothing."""
        return self.accepts(value) if callable(self.accepts) else value in self.accepts

    def readers(self, settings: Settings, entry: ObjectEntry) -> set[str]:
        """The stages whose fingerprint holds the value with these settings."""
        stages = set()
        for spec in self.reads:
            stage, _, condition = spec.partition(" if ")
            if not condition or CONDITIONS[condition](settings, entry):
                stages.add(stage)
        return stages


@cache
def key_of(path: str) -> Key:
    """The row of a key (``gen_2dhoi.video.duration``). KeyError for one that the table lacks."""
    from hoi_platform.core.config.key_table import KEYS

    parts = path.split(".")
    matches = [row for row in KEYS if _covers(row.split("."), parts)]
    if not matches:
        raise KeyError(f"{path} stands in no row of the table of keys")
    return KEYS[max(matches, key=lambda row: [part != "*" for part in row.split(".")])]


def _covers(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) == len(parts) and all(
        p in ("*", q) for p, q in zip(pattern, parts, strict=True)
    )
