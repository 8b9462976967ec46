"""Folders of objects whose category holds ``__``: earlier versions did not name the task there.

``<dataset>/my__cup`` of version 1 is ``<dataset>/my__cup__manipulation`` today. The files go first,
each folder by one rename; then the records are rewritten, and the old ones removed. So what is left
after an interruption shows what remains to be done.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.services.artifacts.files import sync_folder, write_whole
from hoi_platform.services.artifacts.record import ArtifactRecord

_TASKLESS: Final = (1, 2)
"""Versions of records whose folders named no task; chosen then."""
_SUBJECT: Final = "subject"
"""The subject of a renamed record, beside the rest of its former identity."""
_RECORDS: Final = "generation/records"
_INDEX: Final = f"{_RECORDS}/dataset_index/all.json"


@dataclass(frozen=True)
class FolderRename:
    """An object whose folders have other names today."""

    old: str
    new: str
    """``<dataset>/<folder>``."""
    paths: tuple[tuple[str, str], ...]
    """What is renamed, relative to the results: folders, and files that are named like them."""

    def today(self, name: str) -> str:
        """What a path, a clip's id or an object's is called today."""
        if name == self.old or name.startswith(f"{self.old}/"):
            return self.new + name.removeprefix(self.old)
        for old, new in _places(self.old, self.new):
            if name == old or name.startswith(f"{old}/"):
                return new + name.removeprefix(old)
        return name


@dataclass(frozen=True)
class FoldersPlan:
    """What happens to the folders."""

    renames: tuple[FolderRename, ...]
    problems: tuple[str, ...]

    def today(self, name: str) -> str:
        """What a path, a clip's id or an object's is called today."""
        return next((t for one in self.renames if (t := one.today(name)) != name), name)


def first_path(subject: ObjectId | ClipId) -> str:
    """What version 1 called an object or a clip."""
    if isinstance(subject, ClipId):
        return f"{first_path(subject.object_id)}/{subject.name}"
    return f"{subject.dataset}/{subject.category}"


def plan_folders(root: Path, objects: Collection[ObjectId]) -> FoldersPlan:
    """Look for folders of earlier versions among those with records; ``objects`` are today's."""
    renames, problems = [], []
    for folder in _taskless_folders(root):
        owners = [i for i in objects if i.is_first and first_path(i) == folder]
        others = [i for i in objects if i.path == folder]
        if not owners and others:
            continue  # the task's own folder, named as today
        new = owners[0].path if owners else ""
        if problem := _problem(root, folder, new, others):
            problems.append(problem)
        else:
            renames.append(FolderRename(folder, new, tuple(_standing(root, folder, new))))
    return FoldersPlan(tuple(renames), tuple(problems))


def apply_folders(root: Path, plan: FoldersPlan) -> None:
    """Safe to repeat after an interruption."""
    if plan.renames:
        (root / _INDEX).unlink(missing_ok=True)  # it lists clips by their former ids
    for one in plan.renames:
        for old, new in one.paths:
            (root / old).rename(root / new)
            sync_folder((root / new).parent)
        _apply_to_records(root, one)


@contextlib.contextmanager
def as_if_applied(root: Path, plan: FoldersPlan) -> Iterator[Path]:
    """The results folder as it will be: one of links, in which the plan has been applied."""
    if not plan.renames:
        yield root
        return
    with tempfile.TemporaryDirectory() as scratch:
        seen = Path(scratch) / "results"
        seen.mkdir()
        for path in root.iterdir():
            if path.name in ("generation", "ground_truth"):
                shutil.copytree(path, seen / path.name, copy_function=_link)
            else:
                _link(path, seen / path.name)
        apply_folders(seen, plan)
        yield seen


def _taskless_folders(root: Path) -> list[str]:
    """``<dataset>/<category>`` with ``__``, of which an earlier version left a record."""
    found = set()
    for file in (root / _RECORDS).glob("*/*/*__*"):
        folder = f"{file.parent.name}/{file.name.removesuffix('.json')}"
        if folder not in found and any(
            _names_no_task(record) for record in _records(root, folder).values()
        ):
            found.add(folder)
    return sorted(found)


def _problem(root: Path, folder: str, new: str, others: list[ObjectId]) -> str:
    """Why a folder cannot be renamed; empty when it can."""
    if not new:
        return (
            f"{folder}: made by an earlier version for an object that is not in the catalogue; "
            "add it with `hoi objects add`, then migrate again"
        )
    if others:
        return (
            f"{folder}: made by an earlier version for {new}, and the folder of the task "
            f"{others[0].task!r} of {others[0].category} today; remove that one from the "
            "catalogue until the migration is done"
        )
    for old, today in _standing(root, folder, new):
        if (root / today).exists():
            return (
                f"{folder}: both {old} of an earlier version and {today} of today's exist; move "
                "one of them away, then migrate again"
            )
    return ""


def _places(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Every place below the results that is named after an object → its name today."""
    for kind in ARTIFACTS.values():
        templates = [file.template for file in kind.files if kind.scope != "index"]
        for before, _, after in (template.partition("{id}") for template in templates):
            named = kind.scope == "object" and not after.startswith("/")
            ending = after if named else ""  # <category>.json, else a folder of that name
            yield f"{before}{old}{ending}", f"{before}{new}{ending}"


def _standing(root: Path, old: str, new: str) -> Iterator[tuple[str, str]]:
    """Those places that have not been renamed yet."""
    for place, today in dict.fromkeys(_places(old, new)):
        if (root / place).exists():
            yield place, today


def _apply_to_records(root: Path, one: FolderRename) -> None:
    """The old records are removed only after every record has its new name."""
    old = _records(root, one.old)
    followed = {path: _followed(record, one) for path, record in old.items()}
    digests = {old[path].digest: record.digest for path, record in followed.items()}
    for path, record in followed.items():
        target = root / _record_today(path.relative_to(root).as_posix(), one)
        if not target.exists():
            inputs = {name: digests.get(digest, digest) for name, digest in record.inputs.items()}
            renamed = record.model_copy(update={"inputs": inputs})
            write_whole(target, renamed.model_dump_json(indent=1) + "\n")
    for path in old:
        path.unlink()
    for folder in (root / _RECORDS).glob(f"*/{one.old}"):
        if not any(folder.iterdir()):  # what is not a record stays
            folder.rmdir()


def _followed(record: ArtifactRecord, one: FolderRename) -> ArtifactRecord:
    """A record of the same artifact in its place of today."""
    before = record.migrated_from or {
        "record_version": record.record_version,
        "fingerprint": record.fingerprint,
        "code_version": record.code_version,
    }
    return record.model_copy(
        update={
            "subject": one.today(record.subject),
            "files": {one.today(name): digest for name, digest in record.files.items()},
            "migrated_from": before | {_SUBJECT: record.subject},
        }
    )


def _record_today(path: str, one: FolderRename) -> str:
    asset, _, subject = path.removeprefix(f"{_RECORDS}/").partition("/")
    today = one.today(subject.removesuffix(".json"))
    return f"{_RECORDS}/{asset}/{today}.json"


def _records(root: Path, folder: str) -> dict[Path, ArtifactRecord]:
    """The readable records of an object and its clips, by file."""
    found = {}
    for pattern in (f"*/{folder}.json", f"*/{folder}/*.json"):
        for path in sorted((root / _RECORDS).glob(pattern)):
            with contextlib.suppress(ValidationError):
                found[path] = ArtifactRecord.model_validate_json(path.read_bytes())
    return found


def _names_no_task(record: ArtifactRecord) -> bool:
    """Whether an earlier version chose its place, also if a migration has looked at it since."""
    before = record.migrated_from or {"record_version": record.record_version}
    return before["record_version"] in _TASKLESS and _SUBJECT not in before


def _link(source: Path | str, target: Path | str) -> None:
    Path(target).symlink_to(Path(source).absolute())
