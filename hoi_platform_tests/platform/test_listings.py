"""``hoi status|clips|why|objects list|ledger list``: filters, JSON, whole ids, broken files."""

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hoi_platform.assets.stage import flow_order
from hoi_platform.cli import status_of
from hoi_platform.core.clip import ClipId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.index import write_index
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import Intent
from hoi_platform_tests.platform.judged import judged_clips
from hoi_platform_tests.platform.prepared import kling_platform

CLIPS = 4
Say = Callable[..., str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ClipId]]:
    """Clips 1 and 3 are valid, 2 and 4 rejected; nothing here may be changed."""
    results = tmp_path_factory.mktemp("results")
    return results, judged_clips(results, CLIPS)[1]


@pytest.fixture
def clips(made: tuple[Path, list[ClipId]]) -> list[ClipId]:
    return made[1]


@pytest.fixture
def say(made: tuple[Path, list[ClipId]], capsys: pytest.CaptureFixture[str]) -> Say:
    """What a command prints of these results, or of others, when it succeeds."""

    def run(*words: str, results: Path | None = None) -> str:
        status = status_of([*words, "--results_dir", str(results or made[0])])
        shown = capsys.readouterr()
        assert (status, shown.err) == (0, "")
        return shown.out

    return run


@pytest.fixture
def damaged(made: tuple[Path, list[ClipId]], tmp_path: Path) -> Path:
    """A copy: the verdicts of clips 1 and 2 and a record of clip 3 are cut off, and the index is
    no JSON."""
    results = tmp_path / "damaged"
    shutil.copytree(made[0], results)
    platform = kling_platform(results).platform()
    write_index(platform, flow_order())
    first, second, third, _ = made[1]
    for clip in (first, second):
        _cut(platform.store.path("filtered_hoi", "verdict", clip))
    _cut(results / "generation" / "records" / "scene_render" / f"{third.path}.json")
    _cut(platform.store.path("dataset_index", "summary", None))
    _cut(results / ARTIFACTS["dataset_index"].record_path(None))
    return results


def _cut(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def rows(text: str) -> list[dict[str, Any]]:
    """The JSON that a command printed, and nothing besides it."""
    found = json.loads(text)
    assert isinstance(found, list)
    return found


def test_listings_are_json(say: Say, clips: list[ClipId]) -> None:
    """A script that reads a listing would meet text, or other names after an update."""
    identity = {"clip", "dataset", "category", "task", "character", "scene", "seed"}
    status = rows(say("status", "--json"))
    assert [row["clip"] for row in status] == [clip.path for clip in clips]
    assert set(status[0]) == identity | {
        *("stages", "missing", "valid", "failed", "rejected_video", "video", "other_videos"),
        *("problems", "earlier_version"),
    }
    assert status[0]["stages"]["filtered_hoi"] in {"done", "stale"}
    listed = rows(say("clips", "--json"))
    assert [row["state"] for row in listed] == ["valid", "rejected"] * 2
    more = {"state", "reasons", "failed", "video", "other_videos", "commercial_ok", "limits"}
    assert set(listed[0]) == identity | more
    objects = rows(say("objects", "list", "--json"))
    assert {"dataset", "category", "task", "scene", "license", "state"} <= set(objects[0])


@pytest.mark.parametrize(
    ("words", "seeds"),
    [
        (("clips", "--state", "rejected"), [2, 4]),
        (("clips", "--failed", "contact"), [2, 4]),
        (("clips", "--failed", "frames"), []),
        (("clips", "--object", "cordless_drill", "--state", "valid"), [1, 3]),
        (("clips", "--object", "ComAsset/cordless*"), [1, 2, 3, 4]),
        (("clips", "--object", "mug"), []),
        (("clips", "--task", "manipulation"), [1, 2, 3, 4]),
        (("status", "--failed", "contact"), [2, 4]),
        (("status", "--state", "corrupt"), []),
        (("status", "--state", "missing", "--object", "*drill"), [1, 2, 3, 4]),
        (("status", "--object", "Other/*"), []),
    ],
)
def test_filters(words: tuple[str, ...], seeds: list[int], say: Say) -> None:
    """Among thousands of clips nobody would find those that failed a check."""
    assert [row["seed"] for row in rows(say(*words, "--json"))] == seeds


def test_objects_and_purchases_are_filtered(say: Say, tmp_path: Path) -> None:
    """A catalogue of thousands, or a month of purchases, would have to be read whole."""
    names = [row["category"] for row in rows(say("objects", "list", "--object", "m*", "--json"))]
    assert "mug" in names
    assert all(name.startswith("m") for name in names)
    _bought(tmp_path, "ComAsset/mug/kid_room_rand00001")
    assert rows(say("ledger", "list", "--object", "box", "--json", results=tmp_path)) == []
    (row,) = rows(say("ledger", "list", "--object", "mug", "--json", results=tmp_path))
    assert (row["state"], row["estimate_usd"]) == ("reserved", 0.56)
    assert row["subjects"] == ["ComAsset/mug/kid_room_rand00001"]
    assert rows(say("ledger", "show", "1", "--json", results=tmp_path)) == [row]
    (spent,) = rows(say("ledger", "spend", "--json", results=tmp_path))
    assert (spent["requests"], spent["usd"]) == (1, 0.56)


def _bought(results: Path, subject: str) -> None:
    ledger = open_ledger(f"sqlite:///{results}/ledger/ledger.db")
    ledger.reserve(
        Intent(
            fingerprint="a" * 64,
            kind="video",
            provider="kling-ai",
            account="someone",
            model="kling-v3",
            subject=subject,
            estimate_usd=Decimal("0.56"),
        )
    )


def test_ids_are_whole_in_a_narrow_terminal(
    made: tuple[Path, list[ClipId]], clips: list[ClipId]
) -> None:
    """An id could not be copied: it would be broken over four lines."""
    main, side = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "TERM": "xterm", "PYTHONPATH": str(PROJECT_ROOT)}
    command = [sys.executable, "-m", "hoi_platform.cli", "status", "--results_dir", str(made[0])]
    done = subprocess.run(command, stdout=side, env=environment, cwd=PROJECT_ROOT, check=True)
    os.close(side)
    assert done.returncode == 0
    shown = os.read(main, 1 << 16).decode()
    os.close(main)
    lines = [line for line in shown.splitlines() if line.startswith(clips[0].path + " ")]
    assert len(lines) == 1
    assert "\x1b[" in lines[0]  # drawn for a terminal
    assert "b object_scale" in shown or "object_scale" in shown


def test_a_broken_file_is_its_own_clips_matter(
    say: Say, damaged: Path, clips: list[ClipId]
) -> None:
    """One truncated file would hide the whole data set behind a stack trace."""
    first, second, third, fourth = rows(say("clips", "--json", results=damaged))
    assert [row["state"] for row in (first, second, third)] == ["broken"] * 3
    assert (fourth["state"], fourth["failed"]) == ("rejected", ["contact"])
    assert "verdict.json cannot be read (its end is missing)" in first["reasons"][0]
    assert f"records/scene_render/{clips[2].path}.json cannot be read" in third["reasons"][0]
    for row in (first, second, third):
        assert "run the clip's chain again" in row["reasons"][0]
    status = rows(say("status", "--json", results=damaged))
    assert [row["stages"]["filtered_hoi"] == "corrupt" for row in status] == [1, 1, 0, 0]
    assert [row["stages"]["scene_render"] == "corrupt" for row in status] == [0, 0, 1, 0]
    assert [bool(row["problems"]) for row in status] == [True, True, True, False]
    assert "cannot be read" in say("status", "--state", "corrupt", results=damaged)
    assert "broken" in say("clips", results=damaged)


def test_why_a_broken_clip_is_broken(say: Say, damaged: Path, clips: list[ClipId]) -> None:
    """The command for questions would be the first to fail."""
    assert "broken: " in say("why", clips[0].path, results=damaged)
    stages = {
        row["stage"]: row for row in rows(say("why", clips[2].path, "--json", results=damaged))
    }
    assert stages["scene_render"]["state"] == "corrupt"
    assert "makes scene_render anew" in stages["scene_render"]["reason"]
    assert stages["human_pose"]["state"] == "stale"


def test_the_index_shows_broken_clips(damaged: Path) -> None:
    """The gallery would stay as it was the night before, for one file."""
    platform = kling_platform(damaged).platform()
    assert platform.store.record("dataset_index", None) is None
    write_index(platform, flow_order())
    summary = json.loads(platform.store.path("dataset_index", "summary", None).read_text())
    assert (summary["clips"], summary["broken"], summary["valid"]) == (4, 3, 0)
    table = pq.read_table(platform.store.path("dataset_index", "manifest", None)).to_pylist()
    assert [row["state"] for row in table] == ["broken", "broken", "broken", "rejected"]
    assert "cannot be read" in table[0]["reasons"][0]
    gallery = platform.store.path("dataset_index", "gallery", None) / "data.js"
    assert "cannot be read" in gallery.read_text()


def test_why_says_all_that_is_known(
    made: tuple[Path, list[ClipId]], clips: list[ClipId], tmp_path: Path, say: Say
) -> None:
    """Nobody could tell which settings, seed and price a clip has come from."""
    results = tmp_path / "bought"
    shutil.copytree(made[0], results)
    _bought(results, clips[1].path)
    shown = say("why", clips[1].path, results=results)
    for part in ("rejected: contact is 0.1", "seed 2", "0.56 USD in 1 requests", "settings: "):
        assert part in shown
    stages = {
        row["stage"]: row for row in rows(say("why", clips[1].path, "--json", results=results))
    }
    assert stages["video_task"]["cost_usd"] == 0.56
    assert stages["video_task"]["ledger_rows"] == [1]
    assert stages["scene_render"]["settings"]
    assert "rendering.width=1280 (today 640)" in stages["scene_render"]["changed"]
    assert "rendering.width=1280 (today 640)" in shown
    assert stages["filtered_hoi"]["facts"]["failed"] == "contact"
