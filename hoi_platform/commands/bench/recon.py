"""``hoi bench recon``: the truth suite, each stage's errors on tuning, sealed and spoiled clips."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast, get_args

import typer

from hoi_platform.commands.bench.recon_figures import (
    figures_of,
    log_sealed_run,
    print_part,
    summary,
    write_report,
)
from hoi_platform.core.errors import BadInputError, HoiError

if TYPE_CHECKING:
    from hoi_platform.core.clip import ClipId
    from hoi_platform.core.truth_suite.cases import Case, Part
    from hoi_platform.runner import ChainRunner, Outcome
    from hoi_platform.services.truth_suite.measure import MadeClip

_REPORT: Final = "report"
_LARGE_PICTURES: Final = {"gen_2dhoi": {"rendering": {"width": 1280, "height": 720}}}
"""Settings of the part `large`: the full profile's size; chosen."""
_NOT_MEASURED: Final = frozenset({"clip_accuracy", "visualization"})


def recon(
    part: Annotated[
        str, typer.Argument(help="tuning, sealed, degraded, knowledge, large, or report.")
    ],
    folder: Annotated[Path, typer.Option(help="Where clips and figures are kept.")] = Path(
        "results_bench/recon"
    ),
    only: Annotated[str, typer.Option(help="Only cases whose name contains this.")] = "",
    minutes: Annotated[float, typer.Option(help="Start no new case after so many minutes.")] = 60,
    output: Annotated[
        Path | None, typer.Option(help="With report: where the merged figures are written.")
    ] = None,
) -> None:
    """Measure one part of the truth suite, or merge all parts with `report`.

    A case that was measured on the same files is not measured again, so a part that was stopped
    is resumed by the same command. Each finished run of `sealed` adds a line to
    docs/sealed_log.md.
    """
    from hoi_platform.core.truth_suite.cases import Part, cases

    if part == _REPORT:
        write_report(folder, output)
        return
    known = get_args(Part)
    if part not in known:
        raise BadInputError(f"unknown part {part!r}; known: {', '.join([*known, _REPORT])}")
    chosen = [case for case in cases(cast("Part", part)) if only in case.name]
    if not chosen:
        raise BadInputError(f"no case of {part} has {only!r} in its name")
    measured = _Suite(folder.absolute(), minutes).run(chosen)
    figures = figures_of(folder, part)
    print_part(part, figures)
    if part == "sealed" and measured and len(figures) == len(cases("sealed")):
        log_sealed_run(figures)
    if len(measured) < len(chosen) or any("error" in figures[case.name] for case in chosen):
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Suite:
    """Makes and measures cases one after the other."""

    folder: Path
    minutes: float

    def run(self, chosen: "Sequence[Case]") -> list[str]:
        """The names of the cases that have figures now; those out of time have none."""
        from hoi_platform.commands.terminal import console

        end = time.monotonic() + 60 * self.minutes
        done = []
        for number, case in enumerate(chosen):
            if time.monotonic() > end:
                left = len(chosen) - number
                console.print(f"{left} cases are left after {self.minutes:g} minutes; run it again")
                break
            self._measure(case)
            done.append(case.name)
        return done

    def _measure(self, case: "Case") -> None:
        from hoi_platform.commands.machine import commit_name
        from hoi_platform.commands.terminal import console
        from hoi_platform.services.artifacts.files import write_whole
        from hoi_platform.services.truth_suite.measure import measure

        path = self.folder / "figures" / case.part / f"{case.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            clean, made = self._clips(case)
            if path.exists() and json.loads(path.read_text()).get("identity") == made.identity:
                console.print(f"{case.part} {case.name}: measured already")
                return
            figures = measure(made, clean) | {"identity": made.identity}
        except HoiError as error:
            figures = {"error": str(error)}
        figures["commit"] = commit_name()
        write_whole(path, json.dumps(figures, indent=1) + "\n")
        console.print(f"{case.part} {case.name}: {summary(figures)}")

    def _clips(self, case: "Case") -> "tuple[MadeClip, MadeClip]":
        """The clean clip and the clip to measure, both made."""
        from hoi_platform.core.clip import ObjectId
        from hoi_platform.core.truth_suite.cases import DATASET
        from hoi_platform.services.truth_suite.measure import MadeClip
        from hoi_platform.services.truth_suite.variant import make_variant

        object_id = ObjectId(DATASET, case.category)
        overrides = _LARGE_PICTURES if case.part == "large" else {}
        clean_folder = self.folder / ("large" if overrides else "clean")
        runner = _runner(clean_folder, overrides)
        clip = runner.platform.clip(object_id, case.seed)
        before, after = _assets()
        _run(runner, clip, before if case.spoiled_by else [*before, *after])
        clean = MadeClip(runner.platform.store, clip)
        if case.spoiled_by is None:
            return clean, clean
        target = self.folder / "variants" / case.name
        store = make_variant(clean.store, target, clip, before, case.spoiled_by)
        _run(_runner(target, overrides), clip, after)
        return clean, MadeClip(store, clip)


def _runner(results: Path, overrides: dict[str, Any]) -> "ChainRunner":
    from hoi_platform.commands.terminal import BarProgress
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.runner import ChainRunner

    resource = PlatformResource(results_dir=str(results), profile="demo", overrides=overrides)
    return ChainRunner(resource, progress=BarProgress())


def _assets() -> tuple[list[str], list[str]]:
    """The stages up to the video, and those after it that the suite measures."""
    from hoi_platform.assets.stage import flow_order

    flow = [name for name in flow_order() if name not in _NOT_MEASURED]
    cut = flow.index("interaction_video") + 1
    return flow[:cut], flow[cut:]


def _run(runner: "ChainRunner", clip: "ClipId", assets: list[str]) -> None:
    """Raises HoiError with the stage that failed first."""
    outcomes: Sequence[Outcome] = runner.run(clip.object_id, [clip.seed], assets)
    for outcome in outcomes:
        if outcome.error:
            raise HoiError(f"{outcome.asset}: {outcome.error}")
