"""Folders of version 1 whose category holds ``__`` are called as today: nothing is bought again."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hoi_platform.assets.stage import flow_order
from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.record import file_digest, fingerprint_of
from hoi_platform.services.artifacts.store import State
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.migration.first_questions import _REFINE
from hoi_platform.services.migration.folders import FoldersPlan, apply_folders, plan_folders
from hoi_platform_tests.platform.first_version import (
    contents,
    migrate,
    resource_of,
    states,
    unpacked,
)

GOLDEN, OLD, NEW = (
    f"ComAsset/{folder}"
    for folder in ("cordless_drill", "cordless__drill", "cordless__drill__manipulation")
)
DRILL = ObjectId("ComAsset", "cordless__drill")
CLIP = ClipId(DRILL, "kid", "indoor2-manipulation", 1)
RECORDS = "generation/records"
ENTRY = {
    "obj_scale": [2.5, 2.5, 2.5],
    "scene": "indoor2-manipulation",
    "name": "cordless drill",
    "source": "library:cordless_drill",
}
DIE_BEFORE = """
import os, sys
from pathlib import Path
from hoi_platform.core.clip import ObjectId
from hoi_platform.services.migration.folders import apply_folders, plan_folders

def hook(event, _arguments):
    global left
    if event in ("os.rename", "os.remove"):
        left -= 1
        if left == 0:
            os._exit(9)

root, left = Path(sys.argv[1]), int(sys.argv[2])
plan = plan_folders(root, [ObjectId("ComAsset", "cordless__drill")])
sys.addaudithook(hook)
apply_folders(root, plan)
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The bought clip of an object called ``cordless__drill``, as version 1 would have left it."""
    results = unpacked(tmp_path)
    assert first_identities(results, GOLDEN) == ledger_identities(results)
    for path in sorted(results.rglob("*cordless_drill*"), reverse=True):
        path.rename(path.with_name(path.name.replace("cordless_drill", "cordless__drill")))
    rename_in_records(results)
    identities = dict(enumerate(first_identities(results, OLD), start=1))
    with sqlite3.connect(results / "ledger" / "ledger.db") as database:
        for row, fingerprint in identities.items():
            values = fingerprint, f"hoi-{fingerprint[:40]}", CLIP.path.replace(NEW, OLD), row
            columns = "fingerprint = ?, external_task_id = ?, subject = ?"
            database.execute(f"UPDATE paid_request SET {columns} WHERE id = ?", values)
    database.close()
    entry = results / "catalogue" / "cordless--drill" / "entry.yaml"
    entry.parent.mkdir(parents=True)
    objects = {"dataset": "ComAsset", "objects": {"cordless__drill": ENTRY}}
    entry.write_text(yaml.safe_dump(objects))
    return results


@pytest.fixture
def resource(results: Path, tmp_path: Path) -> PlatformResource:
    return resource_of(results, tmp_path)


def record_files(results: Path) -> Iterator[Path]:
    yield from (results / RECORDS).rglob("*.json")


def rename_in_records(results: Path) -> None:
    """Subjects and files; digests of inputs are made of the files' names too."""
    records = {path: json.loads(path.read_text()) for path in record_files(results)}
    digests = {}
    for record in records.values():
        files = {k.replace(GOLDEN, OLD): v for k, v in record["files"].items()}
        digests[fingerprint_of(record["files"])] = fingerprint_of(files)
        record["files"], record["subject"] = files, record["subject"].replace(GOLDEN, OLD)
    for path, record in records.items():
        record["inputs"] = {k: digests[v] for k, v in record["inputs"].items()}
        path.write_text(json.dumps(record))


def ledger_identities(results: Path) -> list[str]:
    """The fingerprints of the rows, in their order."""
    with sqlite3.connect(results / "ledger" / "ledger.db") as database:
        rows = database.execute("SELECT fingerprint FROM paid_request ORDER BY id").fetchall()
    database.close()
    return [fingerprint for (fingerprint,) in rows]


def first_identities(results: Path, folder: str) -> list[str]:
    """How version 1 identified the refinement and the video of the clip of an object's folder."""
    clip = f"{folder}/{CLIP.name}"
    frame = file_digest(results / f"generation/asset_renders/{clip}.png")
    prompt = json.loads((results / f"generation/prompts/{clip}.json").read_text())
    text = (results / f"generation/prompts/{clip}.txt").read_text().strip()
    base = prompt["base"].replace("{object}", "cordless drill")
    base = base.replace("the object", "the cordless drill")
    schema = {
        "type": "object",
        "properties": {"prompt": {"type": "string"}},
        "required": ["prompt"],
        "additionalProperties": False,
    }
    asked: list[Any] = ["gpt-4o", _REFINE, f"Base prompt: {base}", [frame], schema, 0.7, 500, 0]
    ordered = [frame, text, "kling-ai", "kling-v2-5-turbo", "5", "pro"]
    return [fingerprint_of([*asked, clip]), fingerprint_of([*ordered, clip])]


def interrupted(results: Path, operations: int) -> bool:
    """Rename in a process that dies before so many renames and removals; whether it died."""
    command = [sys.executable, "-c", DIE_BEFORE, str(results), str(operations)]
    return subprocess.run(command, timeout=120, check=False).returncode == 9


def test_a_dry_run_lists_each_rename(results: Path, resource: PlatformResource) -> None:
    """A person would agree to an upgrade without knowing what it moves."""
    before = contents(results)
    shown = "".join(migrate(resource).split())
    for folder in ("mesh", "videos_kling", "4dhoi_recon_smplx", "4dhoi_recon_cache/depth"):
        assert f"generation/{folder}/{OLD}" in shown
        assert f"generation/{folder}/{NEW}" in shown
    assert f"generation/mesh_statistics/{NEW}.json" in shown
    assert "leftstale" not in shown
    assert "norowof" not in shown
    assert "carriedover" in shown
    assert contents(results) == before


def test_a_renamed_clip_is_done_and_bought_once(
    results: Path, resource: PlatformResource, kling: FakeKling
) -> None:
    """Everything of an object with ``__`` in its name would be made and bought again."""
    assert interrupted(results, 9)
    migrate(resource, "--apply")
    assert states(resource, CLIP) == {State.DONE}
    assert not [path for path in contents(results) if f"{OLD}/" in path or f"{OLD}." in path]
    ledger = open_ledger(f"sqlite:///{results}/ledger/ledger.db")
    assert {row.subject for row in ledger.rows()} == {CLIP.path}
    assert {row.subjects for row in ledger.rows()} == {(CLIP.path,)}
    outcomes = ChainRunner(resource).run(DRILL, [1], flow_order())
    assert [(o.error, o.made) for o in outcomes if o.error or o.made] == []
    store = resource.platform().store
    for asset in ("video_task", "interaction_video"):
        store.remove(asset, CLIP)
    outcomes = ChainRunner(resource).run(DRILL, [1], ["video_task", "interaction_video"])
    assert [o.error for o in outcomes] == [None, None]
    assert kling.calls == []
    assert "nothing to migrate" in migrate(resource, "--apply")


@pytest.mark.parametrize("operations", [2, 14, 25, 33, 40, 47, 99])
def test_a_killed_migration_is_finished_by_the_next(results: Path, operations: int) -> None:
    """Half of a clip's files would lie under a name that nobody asks for."""
    died = interrupted(results, operations)
    assert died == (operations < 99), "after more operations than there are, it is done"
    apply_folders(results, plan_folders(results, [DRILL]))
    assert plan_folders(results, [DRILL]).renames == ()
    records = {path: json.loads(path.read_text()) for path in record_files(results)}
    assert len(records) == 15
    listed = {
        name: digest for record in records.values() for name, digest in record["files"].items()
    }
    found = contents(results / "generation")
    for name, digest in listed.items():
        assert found[name.removeprefix("generation/")] == digest
    digests = {record["asset"]: fingerprint_of(record["files"]) for record in records.values()}
    for record in records.values():
        assert record["subject"].startswith(NEW)
        assert record["inputs"] == {asset: digests[asset] for asset in record["inputs"]}


def test_what_an_unfitting_migration_has_left_is_renamed_too(results: Path) -> None:
    """Who migrated with a version that knew of no renames would have to buy everything again."""
    for path in record_files(results):
        record = json.loads(path.read_text())
        before = {"record_version": 1, "fingerprint": "", "code_version": "1", "left": "no object"}
        path.write_text(json.dumps(record | {"record_version": 3, "migrated_from": before}))
    (rename,) = plan_folders(results, [DRILL]).renames
    assert (rename.old, rename.new) == (OLD, NEW)
    apply_folders(results, plan_folders(results, [DRILL]))
    assert plan_folders(results, []) == plan_folders(results, [DRILL]) == FoldersPlan((), ())


def with_today_s(results: Path) -> list[ObjectId]:
    (results / "generation" / "mesh" / NEW).mkdir()
    return [DRILL]


def with_the_task(results: Path) -> list[ObjectId]:
    return [DRILL, ObjectId("ComAsset", "cordless", "drill", is_first=False)]


def with_no_entry(results: Path) -> list[ObjectId]:
    return []


PROBLEMS = {
    "both": (with_today_s, f"both generation/mesh/{OLD} of an earlier version and"),
    "two claims": (with_the_task, "the folder of the task 'drill' of cordless today"),
    "unknown": (with_no_entry, "not in the catalogue; add it with `hoi objects add`"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_cannot_be_renamed_is_reported_and_left(name: str, results: Path) -> None:
    """One object's clips would be mixed with another's, or overwritten."""
    make: Callable[[Path], list[ObjectId]]
    make, message = PROBLEMS[name]
    objects = make(results)
    before = contents(results)
    plan = plan_folders(results, objects)
    (problem,) = plan.problems
    assert message in problem
    apply_folders(results, plan)
    assert contents(results) == before
