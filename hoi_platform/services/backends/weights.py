"""What a configured model is, as far as results depend on it: contents, no path."""

from pathlib import Path
from typing import Any

from hoi_platform.core.config.backends import ModelConfig, RunnerConfig
from hoi_platform.services.artifacts.record import fingerprint_of, unchanged_file_digest


def content_digest(path: Path) -> str | None:
    """Hash of a file, or of a folder's files and their names in it; None where nothing is.

    A file is read once per process unless it is touched.
    """
    if path.is_file():
        return unchanged_file_digest(path)
    if not path.is_dir():
        return None
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return fingerprint_of(
        {file.relative_to(path).as_posix(): unchanged_file_digest(file) for file in files}
    )


def model_identity(**models: ModelConfig) -> dict[str, Any]:
    """The part of a stage's settings that its models make up; models left at default add none."""
    default = _identity(ModelConfig())
    found = {name: _identity(model) for name, model in models.items()}
    return {name: identity for name, identity in found.items() if identity != default}


def _identity(model: ModelConfig) -> dict[str, Any]:
    weights = model.weights | ({"model": model.path} if model.path else {})
    return {
        "weights_sha256": {name: content_digest(Path(path)) for name, path in weights.items()},
        "hub_id": None if model.path else model.hub_id,
        "device": model.device,
        "options": dict(model.options),
        "runner": None if model.runner is None else _program(model.runner),
    }


def _program(runner: RunnerConfig) -> dict[str, Any]:
    """Arguments that are files count by their content; what ``env`` sets is kept as a hash."""
    return {
        "command": [_argument(text) for text in runner.command],
        "env": fingerprint_of(runner.env),
        "pass_env": sorted(runner.pass_env),
    }


def _argument(text: str) -> str:
    path = Path(text)
    return unchanged_file_digest(path) if path.is_file() else text
