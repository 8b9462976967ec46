"""The ``HOI_*`` variables: whether what they hold can be used; looked at before any work."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hoi_platform.core.errors import ConfigError


def environment_mistakes(environ: Mapping[str, str] = os.environ) -> list[str]:
    """What is wrong with them, each with the cure."""
    found = [(name, check(environ[name])) for name, check in _CHECKS.items() if environ.get(name)]
    return [f"{name}: {mistake}" for name, mistake in found if mistake]


def _folder_to_be(value: str) -> str:
    path = Path(value).absolute()
    there = next(p for p in (path, *path.parents) if p.exists())
    return "" if there.is_dir() else f"{there} is a file; name a folder"


def _folder(value: str) -> str:
    return "" if Path(value).is_dir() else f"there is no folder {value}; correct it or unset it"


def _program(value: str) -> str:
    cure = "name Blender's executable, or unset it to use the bpy package"
    return "" if Path(value).is_file() else f"there is no file {value}; {cure}"


def _profile(value: str) -> str:
    from hoi_platform.core.config.settings import checked_profile

    return _refusal(lambda: checked_profile(value))


def _ledger(value: str) -> str:
    from hoi_platform.services.ledger.database import checked_url

    return _refusal(lambda: checked_url(value)).removeprefix("HOI_LEDGER_URL ")


def _refusal(check: Callable[[], object]) -> str:
    try:
        check()
    except ConfigError as error:
        return str(error)
    return ""


def _url(value: str) -> str:
    parts = urlsplit(value)
    good = parts.scheme in {"http", "https"} and parts.netloc
    return "" if good else f"{value!r} is not an address; write it like http://127.0.0.1:3070"


_CHECKS: Final[dict[str, Callable[[str], str]]] = {
    "HOI_RESULTS_DIR": _folder_to_be,
    "HOI_CONFIG_DIR": _folder,
    "HOI_CACHE_DIR": _folder_to_be,
    "HOI_PROFILE": _profile,
    "HOI_BLENDER": _program,
    "HOI_FILES_URL": _url,
    "HOI_LEDGER_URL": _ledger,
}
