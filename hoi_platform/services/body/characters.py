"""The cached bodies of the people of ``configs/characters``."""

import hashlib
import os
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.config.characters import CharacterConfig
from hoi_platform.services.body import anny_body
from hoi_platform.services.configuration import load_character_config


def load_character(name: str, config_dir: Path, cache_dir: Path) -> BodyModel:
    """The body of ``<config_dir>/<name>.yaml``; see ``body_of``."""
    return body_of(name, load_character_config(name, config_dir), cache_dir)


def body_of(name: str, config: CharacterConfig, cache_dir: Path) -> BodyModel:
    """The body of a character, built once per shape (10 s) and read from ``cache_dir`` later."""
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
