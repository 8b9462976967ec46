"""``hoi migrate``: carries over results and purchases of earlier versions."""

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, Profile, ResultsDir

if TYPE_CHECKING:
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.runner.page import PagePlan
    from hoi_platform.services.ledger.ledger import Ledger
    from hoi_platform.services.migration.folders import FoldersPlan
    from hoi_platform.services.migration.plan import Plan
    from hoi_platform.services.platform import Platform


def migrate(
    apply: Annotated[
        bool, typer.Option("--apply", help="Make the changes; without it they are only shown.")
    ] = False,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    config: Annotated[
        Path | None, typer.Option(help="The YAML file that gen_2dhoi was run with, if any.")
    ] = None,
    recon_config: Annotated[
        Path | None,
        typer.Option(
            "--recon_config",
            "--recon-config",
            help="The YAML file that recon_4dhoi was run with, if any.",
        ),
    ] = None,
    profile: Profile = "full",
) -> None:
    """Carry over the results of earlier versions: nothing is bought again or redone.

    Finished artifacts appear on Dagster's page under today's keys. Shows what would change; --apply
    changes it. Character, backend and model of a clip are those of its records. Results of another
    configuration are left stale; a later migration with their --config or --profile carries them
    over.
    """
    from hoi_platform.resources.platform import PlatformResource

    resource = PlatformResource(
        results_dir=str(results_dir.absolute()),
        profile=profile,
        gen_config=str(config.absolute()) if config else "",
        recon_config=str(recon_config.absolute()) if recon_config else "",
    )
    _migrate(resource, apply=apply)


def _migrate(resource: "PlatformResource", *, apply: bool) -> None:
    """Folders first, then ledger and records, then Dagster's page."""
    from hoi_platform.assets.stage import STAGES, flow_order
    from hoi_platform.commands.terminal import console
    from hoi_platform.definitions import ASSETS
    from hoi_platform.instance import project_instance
    from hoi_platform.runner.page import apply_page, plan_page
    from hoi_platform.services.migration.folders import plan_folders
    from hoi_platform.services.migration.plan import apply_plan, make_plan
    from hoi_platform.services.video.delivery import Delivery

    assert ASSETS  # importing the definitions fills STAGES
    platform = resource.platform()
    folders = plan_folders(platform.results_dir, platform.catalogue.entries())
    delivery = Delivery(platform.results_dir / "ledger" / "videos", _no_sleep)
    with (
        _ledger(resource, apply=apply) as ledger,
        project_instance() as instance,
        _renamed(platform, folders, ledger, apply=apply) as renamed,
    ):
        _show_folders(folders)
        plan = make_plan(renamed, STAGES, flow_order(), ledger, delivery)
        page = plan_page(instance, platform.catalogue, plan.done)
        _show(plan)
        _show_page(page)
        if not folders.renames and plan.is_empty and page.is_empty:
            console.print("nothing to migrate")
        elif apply:
            apply_plan(plan, platform.store, ledger)
            apply_page(instance, platform.catalogue, page)
            console.print("done")
        else:
            console.print("nothing was changed; `hoi migrate --apply` does it")


@contextlib.contextmanager
def _renamed(
    platform: "Platform", folders: "FoldersPlan", ledger: "Ledger | None", *, apply: bool
) -> "Iterator[Platform]":
    """The platform after the renames, which are done, or only seen as if they were."""
    from hoi_platform.services.ledger.carrying import rename_subjects
    from hoi_platform.services.migration.folders import apply_folders, as_if_applied

    if not apply:
        with as_if_applied(platform.results_dir, folders) as seen:
            yield replace(platform, results_dir=seen)
        return
    if ledger is not None and folders.renames:
        rename_subjects(ledger, folders.today)
    apply_folders(platform.results_dir, folders)
    yield platform


@contextlib.contextmanager
def _ledger(resource: "PlatformResource", *, apply: bool) -> "Iterator[Ledger | None]":
    """The ledger, if there is one; a copy of it as long as nothing may be changed.

    PostgreSQL's is opened itself, which brings its tables up to date.
    """
    from hoi_platform.resources.ledger import ledger_exists, ledger_url
    from hoi_platform.services.ledger.database import make_engine, open_ledger

    results = resource.platform().results_dir
    if not ledger_exists(results):
        yield None
        return
    url = ledger_url(results)
    engine = make_engine(url)
    if apply or engine.dialect.name != "sqlite" or not engine.url.database:
        yield open_ledger(url)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ledger.db"
        for ending in ("", "-wal"):
            if (source := Path(f"{engine.url.database}{ending}")).exists():
                shutil.copyfile(source, f"{copy}{ending}")
        yield open_ledger(f"sqlite:///{copy}")


def _show_folders(folders: "FoldersPlan") -> None:
    from hoi_platform.commands.terminal import console, table

    if rows := [paths for one in folders.renames for paths in one.paths]:
        console.print(table("Folders", ("of an earlier version", "today"), rows))
    for problem in folders.problems:
        console.print(f"[yellow]{problem}[/yellow]", soft_wrap=True)


def _show(plan: "Plan") -> None:
    from hoi_platform.commands.terminal import console, table

    rows = [
        *((one.row.id, one.row.subject, "carried over") for one in plan.rows.carried),
        *((one.row.id, one.row.subject, "shares a purchase") for one in plan.rows.shared),
    ]
    if rows:
        console.print(table("Ledger", ("row", "for", "what happens"), rows))
    done = Counter(change.record.asset for change in plan.records if not change.left)
    left = [change for change in plan.records if change.left]
    counted = [(asset, count, "stays done") for asset, count in done.items()]
    counted += [(c.record.asset, c.record.subject, f"left stale: {c.left}") for c in left]
    if counted:
        console.print(table("Records", ("stage", "records", "what happens"), counted))
    for problem in plan.rows.problems:
        console.print(f"[yellow]{problem}[/yellow]")


def _show_page(page: "PagePlan") -> None:
    from hoi_platform.commands.terminal import console, table

    rows = [(key, str(object_id), "gets a new key") for key, object_id in page.old_keys.items()]
    if rows:
        console.print(table("Partition keys", ("key", "object", "what happens"), rows))
    if counted := Counter(record.asset for _, record in page.unshown):
        console.print(table("Dagster's page", ("stage", "partitions to show"), counted.items()))


def _no_sleep(_seconds: float) -> None:
    raise AssertionError("a migration calls no service")
