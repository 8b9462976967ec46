"""``hoi demo``: one object, from its mesh to a measured clip."""

from typing import Annotated

import typer

from hoi_platform.commands import completion
from hoi_platform.commands.entry import before_any_work
from hoi_platform.commands.options import (
    DEFAULT_RESULTS,
    Category,
    Dataset,
    Profile,
    Quiet,
    ResultsDir,
    Task,
    Verbose,
)


def demo(
    dataset: Dataset = "ComAsset",
    category: Category = "cordless_drill",
    task: Task = "manipulation",
    character: Annotated[
        str,
        typer.Option(
            help="The person who acts, a file of configs/characters.",
            autocompletion=completion.characters,
        ),
    ] = "kid",
    seeds: Annotated[str, typer.Option(help="Random variants: 1, 1,2,5 or 1-3.")] = "1",
    profile: Profile = "demo",
    results_dir: ResultsDir = DEFAULT_RESULTS,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Run the whole chain for one object, from mesh to verdict, accuracy and gallery.

    Finished stages are kept; a changed setting redoes only what depends on it.
    """
    from hoi_platform.assets.stage import flow_order
    from hoi_platform.commands.report import print_report
    from hoi_platform.commands.terminal import BarProgress, progress_display
    from hoi_platform.core.cells import parse_seeds
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.runner import ChainRunner

    resource = PlatformResource(
        results_dir=str(results_dir.absolute()),
        profile=profile,
        overrides={"gen_2dhoi": {"character": character}},
    )
    with before_any_work():
        wanted, platform = parse_seeds(seeds), resource.platform()
        object_id = platform.catalogue.named(dataset, category, task)
        platform.require_known([object_id])
    runner = ChainRunner(resource, progress=BarProgress(), verbose=verbose)
    with progress_display(quiet=quiet):
        outcomes = runner.run(object_id, wanted, flow_order())
        outcomes += runner.run_index()
    print_report(runner.platform, outcomes)
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)
