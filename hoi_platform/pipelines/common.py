"""What both command lines share: flags, the choice of objects and clips, shards, the run."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hoi_platform.commands.entry import UsageError, ended
from hoi_platform.core.clip import FIRST_TASK, ObjectId
from hoi_platform.core.errors import BadInputError, ConfigError
from hoi_platform.pipelines.redo import Redo, WorkList, batches, valid_clips
from hoi_platform.resources.environment import environment_mistakes
from hoi_platform.services.meshes.catalogue import Catalogue
from hoi_platform.services.platform import Platform

if TYPE_CHECKING:
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.runner import Outcome

T = TypeVar("T")


def base_parser(description: str, steps: Sequence[str]) -> argparse.ArgumentParser:
    """The flags that both stages have; ``steps`` describe --skip_step1, --skip_step2, …"""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--config", help="YAML file; default: the task's own under configs/")
    parser.add_argument("--dataset", help="dataset of the objects (all of it without --category)")
    parser.add_argument("--category", help="one category of the dataset")
    parser.add_argument("--task", default=FIRST_TASK, help="default: %(default)s")
    parser.add_argument(
        "--results_dir",
        help="default: HOI_RESULTS_DIR, the configuration's results_dir, or ./results",
    )
    parser.add_argument("--profile", choices=("full", "demo"), help="default: HOI_PROFILE, or full")
    for number, step in enumerate(steps, start=1):
        parser.add_argument(f"--skip_step{number}", action="store_true", help=f"skip: {step}")
    parser.add_argument(
        "--skip_done",
        action="store_true",
        help="keep everything that exists, even if it was made with other settings: it is "
        "neither made nor bought again; what is missing is made, and bought for the first time. "
        "Without this flag, what was made with other settings is made again",
    )
    parser.add_argument(
        "--force",
        action="append",
        default=[],
        metavar="STAGE",
        help="make this stage again even if it is done; may be given several times",
    )
    parser.add_argument(
        "--buy-again",
        "--buy_again",
        action="store_true",
        help="allow paid stages to be forced, and more videos to be bought for clips that have one",
    )
    parser.add_argument("--job_chunk_idx", type=int, default=0, help="index of this shard, from 0")
    parser.add_argument("--num_job_chunks", type=int, default=1, help="number of shards")
    parser.add_argument("--verbose", action="store_true", help="show Dagster's log")
    return parser


def chosen_objects(catalogue: Catalogue, args: argparse.Namespace) -> list[ObjectId]:
    """The objects that --dataset, --category and --task name."""
    if args.category and not args.dataset:
        raise BadInputError("--category needs --dataset")
    if args.category:
        object_id = catalogue.named(args.dataset, args.category, args.task)
        catalogue.get(object_id)
        return [object_id]
    found = sorted(
        object_id
        for object_id in catalogue.entries()
        if object_id.task == args.task and args.dataset in (None, object_id.dataset)
    )
    if not found:
        raise BadInputError(
            f"no object of dataset {args.dataset} for task {args.task}; see `hoi objects list`"
        )
    return found


def shard(items: Sequence[T], index: int, count: int) -> list[T]:
    """The ``index``-th of ``count`` disjoint shards, whose union is ``items``."""
    if count < 1 or not 0 <= index < count:
        raise ConfigError(
            f"--job_chunk_idx {index} with --num_job_chunks {count}: "
            "the index must be from 0 to the number of chunks minus one"
        )
    return list(items[index::count])


def overrides_of(section: str, values: dict[str, Any]) -> dict[str, Any]:
    """Flags that were given, as overrides of one stage's configuration."""
    return {section: {key: value for key, value in values.items() if value is not None}}


def absolute(path: str | None, default: str) -> str:
    """A folder from a flag or the configuration, absolute."""
    return str(Path(path or default).absolute())


def run_command(
    name: str,
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    argv: Sequence[str] | None,
) -> int:
    """Parse and run; the exit status."""
    args = parser.parse_args(argv)
    return ended(name, lambda: _run(run, args))


def _run(run: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    if mistakes := environment_mistakes():
        raise UsageError("; ".join(mistakes))
    return run(args)


def redo_of(args: argparse.Namespace, skip_done: bool) -> Redo:
    """The flags of what is made again; ``skip_done`` is the configuration's."""
    return Redo(args.skip_done or skip_done, tuple(args.force), args.buy_again)


def report_bad_entries(platform: Platform) -> None:
    """Catalogue entries that cannot be used, on standard error."""
    for line in platform.catalogue.bad_entries():
        sys.stderr.write(f"left out of the catalogue: {line}\n")


def in_results(resource: "PlatformResource") -> "PlatformResource":
    """The resource with ./results where neither flag, environment nor file names a folder."""
    named = os.environ.get("HOI_RESULTS_DIR") or resource.platform().configured_results_dir()
    if resource.results_dir or named:
        return resource
    return resource.with_flags(results_dir=absolute("results", ""))


def materialize(
    args: argparse.Namespace,
    resource: "PlatformResource",
    work: WorkList,
    assets: Sequence[str],
    redo: Redo,
    *,
    valid_only: Sequence[str] = (),
    verbose: bool = False,
    index: bool = False,
) -> int:
    """Make ``assets`` of objects and their seeds, print the report; 0 when all succeeded.

    ``valid_only`` are assets that are made for valid clips alone, after the others.
    """
    from hoi_platform.commands.report import print_report
    from hoi_platform.commands.terminal import BarProgress, progress_display
    from hoi_platform.runner import ChainRunner

    resource = resource.with_flags(force=list(redo.force), buy_again=redo.buy_again)
    runner = ChainRunner(resource, progress=BarProgress(), verbose=args.verbose or verbose)
    platform = runner.platform
    with progress_display():
        outcomes: list[Outcome] = []
        for part, needed in batches(platform, work, assets, redo.skip_done):
            outcomes += runner.run_batch(part, needed)
        if valid_only:
            valid = valid_clips(platform, work)
            for part, needed in batches(platform, valid, valid_only, redo.skip_done):
                outcomes += runner.run_batch(part, needed)
        if index:
            outcomes += runner.run_index()
    print_report(platform, outcomes)
    return int(any(outcome.error for outcome in outcomes))
