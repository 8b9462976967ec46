"""SHA-256 of every file of a release, in the format of ``sha256sum``."""

from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import Final

from hoi_platform.core.errors import BadInputError
from hoi_platform.services.artifacts.record import file_digest

SUMS: Final = "SHA256SUMS"


def checksums(root: Path, ignored: Collection[str] = ()) -> dict[str, str]:
    """Path below ``root`` → digest, sorted; the file of the sums itself is none of them."""
    paths = sorted(path.relative_to(root).as_posix() for path in _files(root))
    return {p: file_digest(root / p) for p in paths if p != SUMS and p not in ignored}


def differences(root: Path) -> list[str]:
    """What of a release is not as it was written: changed, absent or added files.

    Raises BadInputError for a folder without readable sums.
    """
    listed = _listed(root / SUMS)
    found = {path.relative_to(root).as_posix() for path in _files(root)} - {SUMS}
    wrong = [f"{path} is absent" for path in sorted(listed.keys() - found)]
    wrong += [f"{path} is not listed" for path in sorted(found - listed.keys())]
    for path in sorted(found & listed.keys()):
        if (root / path).is_symlink():
            wrong.append(f"{path} is a link")
        elif file_digest(root / path) != listed[path]:
            wrong.append(f"{path} was changed")
    return wrong


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_symlink() or path.is_file()]


def _listed(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(
            f"{file} cannot be read ({error}); name the folder of a release, which has one"
        ) from error
    found = {}
    for number, line in enumerate(lines, 1):
        digest, _, path = line.partition("  ")
        parts = PurePosixPath(path).parts
        if len(digest) != 64 or not parts or ".." in parts or parts[0] == "/":
            raise BadInputError(f"{file}:{number} is no line of sha256sum: {line!r}")
        found[path] = digest
    if not found:
        raise BadInputError(f"{file} is empty; get the release again")
    return found
