"""Licenses of what a clip is made from, and what follows for its use.

Everything that leaves a trace in a result has a license: the mesh, the body, models, services. A
record states its own and those of its inputs; one part that is not for commercial use makes all
that follows so.
"""

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict


class License(BaseModel):
    """The terms under which one part of a result was had."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str
    """What it covers, such as ``mesh`` or ``object_pose: foundationpose``."""
    name: str
    """An SPDX identifier where there is one, else the license's own name."""
    commercial_ok: bool


def all_licenses(*groups: Iterable[License]) -> tuple[License, ...]:
    """Each license once, sorted by part and name."""
    return tuple(
        sorted({item for group in groups for item in group}, key=lambda x: (x.part, x.name))
    )


def commercial_ok(licenses: Iterable[License]) -> bool:
    """Whether all parts may be used commercially; what has no parts may."""
    return all(item.commercial_ok for item in licenses)


def stated(part: str, name: str | None, commercial_ok: bool | None) -> License:
    """What a configuration or a catalogue says of a part; without a word of it, its name decides.

    A license that is not among ``COMMERCIAL`` permits commercial use only if the user says so.
    """
    name = name or UNKNOWN
    permitted = name in COMMERCIAL if commercial_ok is None else commercial_ok
    return License(part=part, name=name, commercial_ok=permitted)


UNKNOWN: Final = "unknown"
"""The license of a mesh whose owner said nothing: not for commercial use."""

COMMERCIAL: Final = frozenset(
    {
        *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "ISC", "Unlicense"),
        *("CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0"),
        "PDDL-1.0",
    }
)
"""SPDX identifiers of licenses that permit commercial use."""
