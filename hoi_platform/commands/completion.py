"""What a shell offers for the values of options and arguments, after ``hoi --install-completion``.

A shell waits for these: they look at file names and the catalogue alone. What cannot be read is not
offered; the command itself says why.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import typer

from hoi_platform.core.errors import HoiError

_CONFIGS: Final = Path(__file__).parents[2] / "configs"
"""The configuration folder without HOI_CONFIG_DIR; the module of resources loads Dagster."""

Candidates = Callable[[Mapping[str, object]], Iterable[str]]
"""All values, from the other options that were given so far."""
Completer = Callable[[typer.Context, str], list[str]]


def _completer(candidates: Candidates) -> Completer:
    """Those candidates that begin with what was typed."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        try:
            found = sorted({*candidates(ctx.params)})
        except (HoiError, OSError):
            return []
        return [name for name in found if name.startswith(incomplete)]

    return complete


@_completer
def datasets(given: Mapping[str, object]) -> Iterable[str]:
    """Datasets of the catalogue."""
    return (dataset for dataset, _ in _objects(given))


@_completer
def categories(given: Mapping[str, object]) -> Iterable[str]:
    """Categories, of the dataset where one was given."""
    wanted = given.get("dataset")
    return (category for dataset, category in _objects(given) if wanted in (None, dataset))


@_completer
def objects(given: Mapping[str, object]) -> Iterable[str]:
    """``dataset/category`` of every object."""
    return (f"{dataset}/{category}" for dataset, category in _objects(given))


@_completer
def tasks(_given: Mapping[str, object]) -> Iterable[str]:
    """What a person can do with an object."""
    from hoi_platform.core.task import TASKS

    return TASKS.rows()


@_completer
def clips(given: Mapping[str, object]) -> Iterable[str]:
    """Every clip whose scene has been rendered."""
    folder = _results(given) / "generation" / "records" / "scene_render"
    files = folder.glob("[!.]*/[!.]*/[!.]*.json")
    return (file.relative_to(folder).with_suffix("").as_posix() for file in files)


@_completer
def stages(_given: Mapping[str, object]) -> Iterable[str]:
    """Every stage of an object or a clip."""
    from hoi_platform.core.formats.artifacts import ARTIFACTS

    return (name for name, kind in ARTIFACTS.items() if kind.scope != "index")


@_completer
def checks(_given: Mapping[str, object]) -> Iterable[str]:
    """The filter's checks."""
    from hoi_platform.core.filtering.registry import CHECKS

    return CHECKS.rows()


@_completer
def characters(_given: Mapping[str, object]) -> Iterable[str]:
    """Files of ``configs/characters``."""
    return (file.stem for file in (_configs() / "characters").glob("*.yaml"))


@_completer
def scenes(_given: Mapping[str, object]) -> Iterable[str]:
    """Files of ``configs/scenes``."""
    return (file.stem for file in (_configs() / "scenes").glob("*.yaml"))


def _objects(given: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    from hoi_platform.services.meshes.catalogue import Catalogue

    catalogue = Catalogue(_configs() / "objects", _results(given) / "catalogue")
    return ((known.dataset, known.category) for known in catalogue.entries())


def _configs() -> Path:
    return Path(os.environ.get("HOI_CONFIG_DIR") or _CONFIGS)


def _results(given: Mapping[str, object]) -> Path:
    return Path(str(given.get("results_dir") or os.environ.get("HOI_RESULTS_DIR") or "results"))
