"""The people of ``configs/characters``: their configuration and their cached bodies."""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

import yaml

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.characters import CharacterConfig
from hoi_platform.core.errors import ConfigError
from hoi_platform.services.body import anny_body


def character_names(config_dir: Path) -> list[str]:
    """The characters that have a file in ``config_dir``."""
    return sorted(path.stem for path in config_dir.glob("*.yaml"))


def load_character_config(name: str, config_dir: Path) -> CharacterConfig:
    """Read ``<config_dir>/<name>.yaml``; raises ConfigError on an unknown name or a bad file."""
    names = character_names(config_dir)
    if name not in names:
        raise ConfigError(
            f"no character {name!r} in {config_dir}; available: {', '.join(names) or 'none'}"
        )
    path = config_dir / f"{name}.yaml"
    try:
        data = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds a {type(data).__name__}, not a table of settings")
    return parse_config(CharacterConfig, data, str(path))


def load_character(name: str, config_dir: Path, cache_dir: Path) -> BodyModel:
    """The body of a character, built once per shape (10 s) and read from ``cache_dir`` after that.

    Raises ConfigError on an unknown name or a bad file.
    """
    config = load_character_config(name, config_dir)
    path = cache_dir / f"{name}-{_shape_key(config)}.npz"
    if not path.exists():
        body = anny_body.build_anny_body(name, config.phenotype.model_dump(), config.scale)
        _save_whole(body, path)
    return anny_body.load_body(path)


def _shape_key(config: CharacterConfig) -> str:
    """Digest of all that the body depends on: shape, Anny's release and the code that builds it."""
    digest = hashlib.sha256(config.model_dump_json(include={"phenotype", "scale"}).encode())
    digest.update(version("anny").encode())
    digest.update(Path(anny_body.__file__).read_bytes())
    return digest.hexdigest()[:16]


def _save_whole(body: BodyModel, path: Path) -> None:
    """Write under a temporary name, then rename: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        temporary = Path(file.name)
    try:
        anny_body.save_body(body, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
