"""``hoi config``: what the keys of a configuration file do here."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoi_platform.commands.entry import before_any_work

if TYPE_CHECKING:
    from hoi_platform.core.config.keys import Key

app = typer.Typer(help="Configuration files.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps ``explain`` a subcommand even while it is the only one."""


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A YAML file of either stage.")],
    given_only: Annotated[bool, typer.Option(help="Only the keys that the file gives.")] = False,
) -> None:
    """List each key with its value, where it comes from, what it does, and what is refused."""
    from hoi_platform.core.config.base import parse_config, shortened
    from hoi_platform.core.config.keys import key_of
    from hoi_platform.core.config.support import description, leaves
    from hoi_platform.services.yaml_files import read_mapping

    with before_any_work():
        data = read_mapping(file)
        section, model = _stage_of(data, str(file))
        config = parse_config(model, data, str(file))
    defaults = dict(leaves(model(), section))
    typer.echo(f"{file}: keys of {section}")
    for path, value in leaves(config, section):
        name = path.partition(".")[2]
        given = _is_given(data, name.split("."))
        if given_only and not given:
            continue
        default = f"; default {shortened(defaults[path])}" if path in defaults else ""
        source = f"from the file{default}" if given else "default"
        typer.echo(f"\n{name} = {shortened(value)}  ({source})")
        for line in (description(model, name), *_effects(key_of(path), value)):
            if line:
                typer.echo(f"    {line}")


def _effects(key: "Key", value: Any) -> Iterator[str]:
    """What a key does here, one line each."""
    if key.reads:
        yield f"Changes the results of: {', '.join(key.reads)}."
    if key.note:
        yield f"{key.note[0].upper()}{key.note[1:]}."
    stages = " and ".join(key.refused_by)
    if stages and key.is_accepted(value):
        yield f"Other values are refused by {stages}."
    elif stages:
        yield f"REFUSED when {stages} is requested: {key.cure}."


def _stage_of(data: dict[str, Any], file: str) -> tuple[str, Any]:
    """The stage whose model knows most of the file's keys."""
    from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
    from hoi_platform.core.config.recon_4dhoi import Recon4DHOIConfig
    from hoi_platform.core.errors import ConfigError

    models = {"gen_2dhoi": Gen2DHOIConfig, "recon_4dhoi": Recon4DHOIConfig}
    known = {name: len(set(data) & set(model.model_fields)) for name, model in models.items()}
    best = max(known, key=lambda name: known[name])
    if not known[best]:
        raise ConfigError(
            f"{file} holds no key of a stage; files of configs/gen_2dhoi and configs/recon_4dhoi "
            "are explained"
        )
    return best, models[best]


def _is_given(data: Any, parts: list[str]) -> bool:
    for part in parts:
        if not isinstance(data, dict) or part not in data:
            return False
        data = data[part]
    return True
