"""Optional packages: the extras of this project, and the cure where one of them is missing.

The embedded chain needs none of them; a backend names the extra that it needs.
"""

import importlib.util
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Literal, get_args

from hoi_platform.core.errors import MissingResourceError

Extra = Literal["vision", "gen"]
EXTRAS: Final[tuple[Extra, ...]] = get_args(Extra)

PACKAGES: Final[dict[Extra, tuple[str, ...]]] = {
    "vision": ("transformers", "onnxruntime", "safetensors"),
    "gen": ("diffusers", "transformers", "accelerate", "safetensors"),
}
"""Extra → its packages, each imported by the name under which it is installed."""


def missing(extra: Extra) -> list[str]:
    """The packages of an extra that cannot be imported; none of them is loaded."""
    return [name for name in PACKAGES[extra] if not _is_there(name)]


def cure(extra: Extra) -> str:
    """The command that installs it."""
    return f"pip install 'hoi-platform[{extra}]'"


def versions(extra: Extra) -> str:
    """What is installed of an extra, for a person to read."""
    return ", ".join(f"{name} {_version(name)}" for name in PACKAGES[extra] if _is_there(name))


def require(extra: Extra | None, who: str) -> None:
    """Raises MissingResourceError, which names the cure, before anything of ``who`` is loaded."""
    if extra is not None and (absent := missing(extra)):
        raise MissingResourceError(
            f"{who} needs the optional packages of {extra!r}; not installed: "
            f"{', '.join(absent)}; {cure(extra)}"
        )


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # blocked, or half removed
        return False


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "of unknown version"
