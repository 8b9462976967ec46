"""``hoi objects``: the catalogue."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoi_platform.commands import completion
from hoi_platform.commands.entry import before_any_work
from hoi_platform.commands.listing import Row, Wanted, print_json
from hoi_platform.commands.options import (
    DEFAULT_RESULTS,
    AsJson,
    ObjectFilter,
    ResultsDir,
    StateFilter,
    Task,
    TaskFilter,
)

if TYPE_CHECKING:
    from hoi_platform.core.clip import ObjectId
    from hoi_platform.core.config.objects import ObjectEntry
    from hoi_platform.core.licensing import License
    from hoi_platform.services.meshes.catalogue import Catalogue

app = typer.Typer(help="The objects that clips can be made of.", no_args_is_help=True)

DatasetOption = Annotated[str, typer.Option(help="Dataset that the object belongs to.")]
CommercialOption = Annotated[
    bool | None,
    typer.Option(
        "--commercial/--no-commercial",
        help="Whether it permits commercial use; default: what is known of the license.",
    ),
]
CategoryOption = Annotated[str, typer.Option(help="Its category, unique in the dataset.")]


@app.command()
def add(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="OBJ, GLB, GLTF, STL or PLY.")
    ],
    dataset: DatasetOption,
    category: CategoryOption,
    task: Task = "manipulation",
    scale: Annotated[
        float | None, typer.Option(help="Meters per unit of the mesh; default: by its category.")
    ] = None,
    size: Annotated[
        float | None, typer.Option(help="Longest side of the real object in meters.")
    ] = None,
    up: Annotated[
        str | None, typer.Option(help="Upward axis, y or z; default: y for glTF, else z.")
    ] = None,
    scene: Annotated[
        str,
        typer.Option(help="Scene, from configs/scenes.", autocompletion=completion.scenes),
    ] = "indoor2-manipulation",
    name: Annotated[str | None, typer.Option(help="What prompts call it.")] = None,
    license_: Annotated[
        str | None, typer.Option("--license", help="License of the mesh, such as CC-BY-4.0.")
    ] = None,
    commercial: CommercialOption = None,
    replace: Annotated[bool, typer.Option(help="Replace your entry with the same id.")] = False,
    results_dir: ResultsDir = DEFAULT_RESULTS,
) -> None:
    """Check a mesh, copy it into the catalogue and register its partition with Dagster."""
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.config.base import parse_config
    from hoi_platform.core.config.objects import ObjectEntry
    from hoi_platform.instance import project_instance
    from hoi_platform.partitions import add_object_keys
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.meshes.importer import default_up

    fields = {
        "obj_scale": scale,
        "real_size_m": size,
        "up": up or default_up(file),
        "scene": scene,
        "name": name,
        "task": task,
        "license": license_,
        "commercial_ok": commercial,
    }
    platform = PlatformResource(results_dir=str(results_dir)).platform()
    with before_any_work():
        entry = parse_config(ObjectEntry, fields, "objects add")
        platform.files(task).scene(platform.settings(task).gen_2dhoi, scene)
        object_id = platform.catalogue.named(dataset, category, task)
    folder = file.absolute().parent
    mesh = platform.catalogue.add(object_id, entry, file, roots=[folder], replace=replace)
    for note in mesh.notes:
        console.print(f"[yellow]note:[/yellow] {note}")
    with project_instance() as instance:
        add_object_keys(instance, [key := platform.catalogue.key(object_id)])
    _print_added(platform.catalogue, object_id, key)


def _print_added(catalogue: "Catalogue", object_id: "ObjectId", key: str) -> None:
    """What was added, and under which terms."""
    from hoi_platform.commands.terminal import console

    statistics = catalogue.check(object_id)
    x, y, z = statistics.extents
    console.print(
        f"added {object_id.path} ({key}): {statistics.faces} faces, "
        f"{x:.3g} x {y:.3g} x {z:.3g} units, "
        f"{'watertight' if statistics.watertight else 'not watertight'}",
        soft_wrap=True,
    )
    terms = catalogue.license(object_id)
    if not terms.commercial_ok:
        console.print(
            f"license: {terms.name}, not for commercial use; give --license, or --commercial if "
            "you may use it so",
            soft_wrap=True,
        )


@app.command()
def register(
    dataset: Annotated[str, typer.Argument(help="Dataset of the catalogue.")],
    category: Annotated[str | None, typer.Option(help="One category of it; default: all.")] = None,
    results_dir: ResultsDir = DEFAULT_RESULTS,
) -> None:
    """Register partitions of a large dataset's objects; small datasets are registered on first
    use."""
    from hoi_platform.commands.terminal import console
    from hoi_platform.core.errors import BadInputError
    from hoi_platform.instance import project_instance
    from hoi_platform.partitions import add_object_keys
    from hoi_platform.resources.platform import PlatformResource

    catalogue = PlatformResource(results_dir=str(results_dir)).platform().catalogue
    wanted = [
        object_id
        for object_id in catalogue.entries()
        if object_id.dataset == dataset and category in (None, object_id.category)
    ]
    if not wanted:
        raise BadInputError(
            f"no object {dataset}/{category or '*'} in the catalogue; see `hoi objects list`"
        )
    keys = catalogue.register(wanted)
    with project_instance() as instance:
        add_object_keys(instance, list(keys.values()))
    console.print(f"registered {len(keys)} objects of {dataset}")


@app.command("list")
def list_objects(
    results_dir: ResultsDir = DEFAULT_RESULTS,
    object_: ObjectFilter = "",
    task: TaskFilter = "",
    state: StateFilter = "",
    as_json: AsJson = False,
) -> None:
    """List the catalogue: shipped objects and your own. --state is usable or broken."""
    from hoi_platform.commands.terminal import console, print_listing
    from hoi_platform.resources.platform import PlatformResource

    wanted = Wanted(object_, task, state)
    wanted.check(_STATES)
    catalogue = PlatformResource(results_dir=str(results_dir)).platform().catalogue
    rows = list(_usable(catalogue, wanted)) if state in ("", "usable") else []
    whole = not (object_ or task) and state in ("", "broken")
    broken = catalogue.bad_entries() if whole else []
    if as_json:
        print_json(rows + [_fields(None, None, None, problem) for problem in broken])
        return
    shown = [
        (f"{r['dataset']}/{r['category']}", r["task"], r["scene"], _scale(r), r["license"])
        for r in rows
    ]
    print_listing("Objects", ("object", "task", "scene", "scale", "license"), shown)
    for line in broken:
        console.print(f"left out: {line}", style="red", soft_wrap=True, markup=False)


_STATES = ("usable", "broken")


def _fields(
    known: "ObjectId | None", entry: "ObjectEntry | None", terms: "License | None", problem: str
) -> dict[str, Any]:
    """A row of the listing; an entry that cannot be used is told by its problem alone."""
    return {
        "dataset": known and known.dataset,
        "category": known and known.category,
        "task": known and known.task,
        "scene": entry and entry.scene,
        "obj_scale": entry and entry.obj_scale,
        "real_size_m": entry and entry.real_size_m,
        "license": terms and terms.name,
        "commercial_ok": terms and terms.commercial_ok,
        "state": "broken" if problem else "usable",
        "problem": problem,
    }


def _scale(row: Row) -> str:
    if row["obj_scale"]:
        return " ".join(f"{factor:g}" for factor in row["obj_scale"])
    return f"{row['real_size_m']:g} m" if row["real_size_m"] else "by category"


def _usable(catalogue: "Catalogue", wanted: Wanted) -> Iterator[dict[str, Any]]:
    for known, entry in catalogue.entries().items():
        if wanted.has_object(known):
            yield _fields(known, entry, catalogue.license(known), "")


@app.command()
def remove(
    dataset: DatasetOption,
    category: CategoryOption,
    task: Task = "manipulation",
    results_dir: ResultsDir = DEFAULT_RESULTS,
) -> None:
    """Remove one of your own objects from the catalogue; its clips stay."""
    from hoi_platform.commands.terminal import console
    from hoi_platform.instance import project_instance
    from hoi_platform.resources.platform import PlatformResource

    catalogue = PlatformResource(results_dir=str(results_dir)).platform().catalogue
    object_id = catalogue.named(dataset, category, task)
    if key := catalogue.remove(object_id):
        with project_instance() as instance:
            instance.delete_dynamic_partition("objects", key)
    console.print(f"removed {object_id.path}")


@app.command()
def check(
    dataset: DatasetOption,
    category: CategoryOption,
    task: Task = "manipulation",
    results_dir: ResultsDir = DEFAULT_RESULTS,
) -> None:
    """Load an object as the chain does, and print its statistics."""
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.resources.platform import PlatformResource

    catalogue = PlatformResource(results_dir=str(results_dir)).platform().catalogue
    statistics = catalogue.check(catalogue.named(dataset, category, task))
    rows = [(key, str(value)) for key, value in statistics.facts().items()]
    console.print(table(f"{dataset}/{category}", ("statistic", "value"), rows))
