"""``hoi release``: a data set that leaves the house, and its check where it arrives."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, ResultsDir

if TYPE_CHECKING:
    from hoi_platform.services.release.plan import ReleasePlan


def release(
    name: Annotated[str | None, typer.Argument(help="Name of the new release.")] = None,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    commercial: Annotated[
        bool, typer.Option("--commercial", help="Only clips that may be used commercially.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry_run", "--dry-run", help="Show what would be written.")
    ] = False,
    verify: Annotated[
        Path | None, typer.Option(help="Check the files of a release against their checksums.")
    ] = None,
) -> None:
    """Write all valid clips as Parquet and MP4 into releases/NAME of the results folder.

    With a card, checksums and a split by object. What a killed run has written is continued;
    a release that exists is never changed.
    """
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.errors import BadInputError
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.release.plan import plan_release
    from hoi_platform.services.release.write import write_release

    if (name is None) == (verify is None):
        raise BadInputError("name a new release, or pass --verify FOLDER to check one")
    if verify is not None:
        _verify(verify)
        return
    assert name is not None
    platform = PlatformResource(results_dir=str(results_dir.absolute()), profile="demo").platform()
    plan = plan_release(platform, name, commercial=commercial)
    _show(plan)
    if dry_run:
        console.print("nothing was written")
        return
    folder = write_release(plan, platform.results_dir)
    console.print(f"written: {folder}", soft_wrap=True)


def _verify(folder: Path) -> None:
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.errors import BadInputError
    from hoi_platform.services.release.checksums import differences

    if wrong := differences(folder):
        raise BadInputError(f"{folder} is not as it was written: {'; '.join(wrong)}")
    console.print(f"{folder}: every file is as it was written", soft_wrap=True)


def _show(plan: "ReleasePlan") -> None:
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.core.splits import SPLITS

    rows = []
    for split, clips in plan.splits.items():
        frames = sum(clip.verdict.kept_frames for clip in clips)
        objects = len({clip.object_path for clip in clips})
        videos = sum(clip.video.size for clip in clips)
        motion = sum(clip.hoi_data.size for clip in clips)
        rows.append((split, objects, len(clips), frames, _mb(videos), _mb(motion)))
    meshes = sum(source.size for source in plan.meshes.values())
    heads = ("split", "objects", "clips", "frames", "videos", "tables (about)")
    console.print(table(f"Release {plan.name}", heads, rows))
    console.print(
        f"{len(plan.clips)} of {plan.valid} valid clips, {plan.judged} judged; "
        f"meshes: {_mb(meshes)}"
    )
    if lacking := [split for split in SPLITS if split not in plan.splits]:
        console.print(
            f"no object for {' and '.join(lacking)}: about one in ten goes to each, by a hash of "
            "its name",
            soft_wrap=True,
        )
    for clip, why in plan.left_out.items():
        console.print(f"[yellow]left out: {clip}: {why}[/yellow]", soft_wrap=True)


def _mb(size: int) -> str:
    """Megabytes (10^6 bytes)."""
    return f"{size / 1e6:.1f} MB"
