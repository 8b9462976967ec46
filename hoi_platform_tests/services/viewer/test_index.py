"""The manifest, the summary and the gallery of a small dataset."""

import json
import shutil
import subprocess
from math import nan
from pathlib import Path

import pytest

from hoi_platform.core.filtering.check import Check
from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.services.viewer.clip_row import ClipRow
from hoi_platform.services.viewer.gallery import write_gallery
from hoi_platform.services.viewer.manifest import write_manifest
from hoi_platform.services.viewer.summary import summarize

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\">"


def _verdict(misalignment: float, contact: float) -> Verdict:
    return Verdict(
        (
            Check.at_most("object_mask_misalignment", misalignment, 0.5, ""),
            Check.at_most("contact", contact, 5.0, ""),
        ),
        40,
        49,
    )


def _row(seed: int, verdict: Verdict | None, category: str = "mug", **fields: object) -> ClipRow:
    clip_id = f"ComAsset/{category}/kid_room_rand{seed:05d}"
    return ClipRow(
        clip_id,
        "ComAsset",
        category=category,
        task="manipulation",
        character="kid",
        scene="room",
        seed=seed,
        verdict=verdict,
        **fields,
    )


ROWS = (
    _row(
        2,
        _verdict(0.1, 1.0),
        accuracy={"mpjpe_mm": 30.0, "contact_f1": None},
        seconds={"scene_render": 4.0, "filtered_hoi": 1.0},
        backends={"scene_render": "cycles"},
        paths={"poster": "generation/result vis/a#1/poster.jpg"},
        made_at="2026-11-21T02:00:00",
    ),
    _row(1, _verdict(0.7, nan), accuracy={"mpjpe_mm": 50.0}, seconds={"scene_render": 6.0}),
    _row(3, None, category=HOSTILE),
)


def test_the_manifest_has_a_row_per_clip(tmp_path: Path) -> None:
    """Values, types or nulls would be lost on the way to those who train on the dataset."""
    import pyarrow.parquet as pq

    write_manifest(ROWS, tmp_path / "manifest.parquet")
    table = pq.read_table(tmp_path / "manifest.parquet")
    third, first, second = table.to_pylist()  # sorted by clip id
    assert [first["seed"], second["seed"], third["seed"]] == [1, 2, 3]
    assert (first["state"], second["state"], third["state"]) == ("rejected", "valid", "unfinished")
    assert first["failed"] == ["object_mask_misalignment", "contact"]
    assert first["check_contact"] is None
    assert first["check_contact_passed"] is False
    assert second["check_object_mask_misalignment"] == 0.1
    assert second["check_object_mask_misalignment_threshold"] == 0.5
    assert second["accuracy_mpjpe_mm"] == 30.0
    assert second["accuracy_contact_f1"] is None
    assert second["seconds_scene_render"] == 4.0
    assert second["backend_scene_render"] == "cycles"
    assert second["path_poster"] == "generation/result vis/a#1/poster.jpg"
    assert (third["valid"], third["failed"], third["kept_frames"]) == (None, None, None)
    assert table.schema.metadata[b"hoi_manifest_version"] == b"3"


def test_an_empty_dataset_has_a_manifest(tmp_path: Path) -> None:
    """The first run's index would fail, or readers would meet a table without columns."""
    import pyarrow.parquet as pq

    write_manifest([], tmp_path / "manifest.parquet")
    table = pq.read_table(tmp_path / "manifest.parquet")
    assert table.num_rows == 0
    assert {"clip_id", "valid", "failed"} <= set(table.column_names)


def test_the_summary_counts() -> None:
    """Yield would count unfinished clips as rejected, or failures one per clip."""
    summary = summarize(ROWS)
    assert (summary["clips"], summary["judged"], summary["valid"]) == (3, 2, 1)
    assert summary["yield"] == 0.5
    assert summary["failures"] == {"object_mask_misalignment": 1, "contact": 1}
    assert summary["median_accuracy"] == {"mpjpe_mm": 40.0}
    assert summary["median_seconds"]["scene_render"] == 5.0
    assert summary["funnel"] == {
        "planned": 3,
        "rendered": 2,
        "filmed": 0,
        "reconstructed": 0,
        "judged": 1,
        "valid": 1,
    }
    assert summary["frames_valid"] == 40
    assert summarize([])["yield"] is None


def _gallery(tmp_path: Path, rows: tuple[ClipRow, ...] = ROWS) -> Path:
    return write_gallery(rows, tmp_path / "index" / "gallery", tmp_path)


def _data(index: Path) -> dict:
    text = (index.parent / "data.js").read_text()
    return json.loads(text.removeprefix("window.GALLERY = ").removesuffix(";\n"))


def test_the_gallery_carries_its_data(tmp_path: Path) -> None:
    """Cards would show other values than the verdicts, or link to nowhere."""
    data = _data(_gallery(tmp_path))
    assert data["root"] == "../.."
    assert [clip["seed"] for clip in data["clips"]] == [3, 1, 2]  # sorted by clip id
    valid = next(clip for clip in data["clips"] if clip["state"] == "valid")
    assert valid["checks"][0]["value"] == 0.1
    assert data["labels"]["mpjpe_mm"] == {"text": "MPJPE", "unit": "mm", "better": "lower"}
    assert data["summary"]["valid"] == 1


def test_the_gallery_asks_nothing_of_the_net(tmp_path: Path) -> None:
    """The page would not open from disk or would tell a third party that it was opened."""
    folder = _gallery(tmp_path).parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "data.js",
        "gallery.css",
        "gallery.js",
        "index.html",
    ]
    for path in folder.iterdir():
        assert "http:" not in path.read_text()
        assert "https:" not in path.read_text()
    assert "innerHTML" not in (folder / "gallery.js").read_text()


def test_unknown_paths_are_refused() -> None:
    """A misspelled link would silently be missing from every card."""
    with pytest.raises(ValueError, match=r"unknown paths \['postr'\]; known"):
        _row(1, None, paths={"postr": "x.jpg"})


def _opened(index: Path, state: str = "") -> str:
    """The page's DOM after its scripts ran, from Chromium."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium on this machine to open the gallery with")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-sync", "--virtual-time-budget=3000"]
    command += [f"--user-data-dir={index.parent / 'profile'}", "--dump-dom"]
    result = subprocess.run(
        [*command, f"{index.as_uri()}{state}"],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return result.stdout


def test_the_gallery_opens_in_a_browser(tmp_path: Path) -> None:
    """A script error would leave an empty page; a clip's name could run as code."""
    page = _opened(_gallery(tmp_path))
    assert page.count('class="card"') == 3
    assert "<title>HOI dataset</title>" in page
    assert "&lt;/script&gt;&lt;img src=x onerror=" in page
    assert "3 of 3 clips" in page
    assert "../../generation/result%20vis/a%231/poster.jpg" in page


def test_the_gallery_filters_by_its_address(tmp_path: Path) -> None:
    """Filters would not filter, or bookmarks of a view would be lost."""
    page = _opened(_gallery(tmp_path), "#failed=contact")
    assert page.count('class="card"') == 1
    assert "1 of 3 clips" in page
    detail = _opened(_gallery(tmp_path), "#clip=ComAsset/mug/kid_room_rand00001")
    assert "not measurable" in detail


def test_a_large_gallery_draws_one_screen(tmp_path: Path) -> None:
    """Thousands of cards at once would freeze the browser."""
    rows = tuple(_row(seed, _verdict(0.1, 1.0)) for seed in range(3000))
    page = _opened(_gallery(tmp_path, rows), "#page=3")
    assert page.count('class="card"') == 48
    assert "3000 of 3000 clips" in page
    assert "4 / 63" in page
