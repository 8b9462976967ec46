"""``hoi import``: clips of the reference, judged anew and shown beside one's own."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, ResultsDir, Task
from hoi_platform.core.clip import FIRST_TASK

if TYPE_CHECKING:
    from hoi_platform.services.imports.clip_import import ImportedClip

_SAID = {True: "valid", False: "invalid", None: "not judged"}


def import_(
    folder: Annotated[Path, typer.Argument(help="A results folder of the reference.")],
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = FIRST_TASK,
    dry_run: Annotated[
        bool, typer.Option("--dry_run", "--dry-run", help="Show what is there.")
    ] = False,
) -> None:
    """Import the reconstructed clips of the reference: filter them anew and index them.

    Their records say `imported`, with the hashes of the files that they come from, and that their
    licenses are unknown. A clip that was made here is never replaced.
    """
    from hoi_platform.assets.stage import flow_order
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.errors import BadInputError, HoiError
    from hoi_platform.definitions import ASSETS
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.imports.clip_import import ClipImport
    from hoi_platform.services.imports.found import foreign_clips
    from hoi_platform.services.index import write_index

    assert ASSETS  # importing the definitions fills the table of stages
    found = foreign_clips(folder)
    if dry_run:
        for foreign in found:
            console.print(f"{foreign.path}: {_SAID[foreign.accepted]} there", soft_wrap=True)
        return
    platform = PlatformResource(results_dir=str(results_dir.absolute()), profile="full").platform()
    platform.settings(task)  # an unknown task is refused before anything is read
    imported, left = [], {}
    for foreign in found:
        try:
            imported.append(ClipImport(platform, foreign, folder, task).run())
        except HoiError as error:
            left[foreign.path] = str(error)
    _show(imported)
    for clip, why in left.items():
        console.print(f"[yellow]left out: {clip}: {why}[/yellow]", soft_wrap=True)
    if not imported:
        raise BadInputError(f"none of the {len(found)} clips of {folder} could be imported")
    write_index(platform, flow_order())
    page = platform.store.path("dataset_index", "gallery", None) / "index.html"
    console.print(f"gallery: {page}", soft_wrap=True)


def _show(imported: "list[ImportedClip]") -> None:
    from hoi_platform.commands.terminal import console, table

    rows = [
        (
            one.clip.path,
            "imported" if one.is_new else "imported before",
            _SAID[one.accepted],
            "valid" if one.verdict.valid else "rejected",
            "; ".join(one.verdict.reasons),
        )
        for one in imported
    ]
    console.print(table("Imported", ("clip", "", "there", "here", "reasons"), rows))
    counts = Counter((there, here) for _, _, there, here, _ in rows)
    for (there, here), count in sorted(counts.items()):
        console.print(f"{there} there, {here} here: {count}")
    if rigid := sum(not one.hands_known for one in imported):
        console.print(
            f"{rigid} with unknown finger poses (coefficients of their body model): the fingers "
            "keep their mean shape"
        )
