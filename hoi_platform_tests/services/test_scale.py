"""The bench of the platform: made-up results are like real ones, and its page shows its figures."""

import json
from pathlib import Path

import pytest

from hoi_platform.assets.stage import STAGES
from hoi_platform.core.errors import BadInputError
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.cells import Verdicts, cells, verdicts
from hoi_platform.services.clips import listed_clips
from hoi_platform.services.index import write_index
from hoi_platform.services.platform import Platform
from hoi_platform.services.scale.figures import FIGURES, PARTS, FigureFile, markdown
from hoi_platform.services.scale.made_up import MadeUp, make_up
from hoi_platform_tests.pages import ROOT


@pytest.fixture
def made(tmp_path: Path) -> Platform:
    """Three objects with seven clips."""
    platform = PlatformResource(results_dir=str(tmp_path), profile="demo").platform()
    assert make_up(platform, STAGES, MadeUp(3, 7))
    return platform


def test_made_up_results_are_done_for_today(made: Platform) -> None:
    """The bench would time how errors and stale records are listed."""
    found = list(cells(made, STAGES))
    assert len(found) == 7
    assert all(cell.missing == () or cell.missing[0] == "interaction_video" for cell in found)
    assert any(cell.missing == () for cell in found)
    for file in (made.results_dir / "generation" / "records").rglob("*.json"):
        ArtifactRecord.model_validate_json(file.read_bytes())


def test_made_up_results_are_written_once(made: Platform) -> None:
    """A bench that is continued would begin with minutes of writing."""
    assert not make_up(made, STAGES, MadeUp(3, 7))
    assert make_up(made, STAGES, MadeUp(3, 8))


def test_listing_index_and_counts_agree(made: Platform) -> None:
    """One of them would leave clips out, or judge them otherwise."""
    words = [line.verdict for line in listed_clips(made)]
    counts = verdicts(made).values()
    summary = write_index(made, list(STAGES)).facts
    assert len(words) == summary["clips"] == 7
    assert words.count("valid") == summary["valid"] == sum(c.valid for c in counts)
    assert words.count("rejected") == sum(c.rejected for c in counts)
    assert words.count("unjudged") == sum(c.unjudged for c in counts)
    assert sum((c.judged for c in counts), 0) == summary["judged"]
    assert Verdicts(1, 2, 3, 4).judged == 6


def test_a_part_that_is_measured_again_leaves_the_others(tmp_path: Path) -> None:
    """One part could not be repeated without losing hours of others."""
    file = FigureFile(tmp_path / "figures.json")
    file.add("tick", {"size": "a"})
    file.add("listing", {"size": "b"})
    file.add("tick", {"size": "c"})
    assert file.read()["parts"] == {"listing": {"size": "b"}, "tick": {"size": "c"}}


def test_the_published_table_is_that_of_the_figures() -> None:
    """The documentation would claim what was not measured."""
    report = json.loads((ROOT / "docs/bench_platform.json").read_text())
    assert markdown(report) in (ROOT / "docs/platform_scale.md").read_text()
    named = {figure.name for figure in FIGURES}
    for name, part in report["parts"].items():
        assert name in PARTS
        assert set(part["figures"]) <= named


def test_unknown_parts_and_sizes_are_refused() -> None:
    """A typing error would be measured as nothing."""
    from hoi_platform.commands.bench.platform import _chosen
    from hoi_platform.commands.bench.platform_backfill import measured_backfills

    with pytest.raises(BadInputError, match=r"'lisitng'; known: listing, index"):
        _chosen("lisitng")
    with pytest.raises(BadInputError, match="two or more numbers of cells"):
        measured_backfills(Path(), "125", "sqlite")
    with pytest.raises(BadInputError, match="'mysql'; known: sqlite, postgresql"):
        measured_backfills(Path(), "1,2", "mysql")
