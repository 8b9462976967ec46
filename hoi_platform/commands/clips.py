"""``hoi clips``: the clips with their verdicts, and what limits their use."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hoi_platform.commands.listing import Wanted, clip_fields, print_json
from hoi_platform.commands.options import (
    DEFAULT_RESULTS,
    AsJson,
    FailedFilter,
    ObjectFilter,
    Profile,
    ResultsDir,
    StateFilter,
    TaskFilter,
)

if TYPE_CHECKING:
    from hoi_platform.services.clips import ClipLine

_STATES: Final = ("valid", "rejected", "unjudged", "broken")


def clips(
    results_dir: ResultsDir = DEFAULT_RESULTS,
    profile: Profile = "demo",
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Only clips that may be used commercially.")
    ] = False,
    object_: ObjectFilter = "",
    task: TaskFilter = "",
    state: StateFilter = "",
    failed: FailedFilter = "",
    as_json: AsJson = False,
) -> None:
    """List the clips with their verdicts, the reasons of rejected ones, and what limits their use.

    A clip may be used commercially if everything that it was made from may be. --state is valid,
    rejected, unjudged or broken.
    """
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.clips import listed_clips

    wanted = Wanted(object_, task, state, failed)
    wanted.check(_STATES)
    platform = PlatformResource(results_dir=str(results_dir), profile=profile).platform()
    found = [
        line
        for line in listed_clips(platform)
        if _is_wanted(line, wanted) and not (commercial and _limits(line))
    ]
    if as_json:
        print_json([_fields(line) for line in found])
    else:
        _print(found)


def _is_wanted(line: "ClipLine", wanted: Wanted) -> bool:
    return (
        wanted.has_object(line.clip.object_id)
        and wanted.state in ("", line.verdict)
        and wanted.has_failed(line.failed)
    )


def _limits(line: "ClipLine") -> list[str]:
    return [f"{item.part}: {item.name}" for item in line.licenses if not item.commercial_ok]


def _fields(line: "ClipLine") -> dict[str, Any]:
    return {
        **clip_fields(line.clip),
        "state": line.verdict,
        "reasons": list(line.reasons),
        "failed": list(line.failed),
        "video": line.videos.standing,
        "other_videos": list(line.videos.others),
        "commercial_ok": not _limits(line),
        "limits": _limits(line),
    }


def _print(found: "list[ClipLine]") -> None:
    from hoi_platform.commands.terminal import print_listing

    rows = []
    for line in found:
        limits = "; ".join(_limits(line))
        use = f"no ({limits})" if limits else "yes"
        reasons = "; ".join(line.reasons)
        rows.append((line.clip.path, str(line.videos), line.verdict, use, reasons))
    heads = ("clip", "video", "verdict", "commercial use", "reasons")
    print_listing("Clips", heads, rows, _STYLES)


_STYLES: Final = {"valid": "green", "rejected": "yellow", "broken": "red"}
