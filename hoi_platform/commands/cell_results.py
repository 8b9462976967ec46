"""What became of each cell of a batch, with a reason where it is not finished."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hoi_platform.core.clip import ClipId
from hoi_platform.runner import Outcome
from hoi_platform.services.clips import recorded_verdict, video_rejection
from hoi_platform.services.platform import Platform

Result = Literal["valid", "rejected", "done", "failed", "needs approval", "not run"]
_UNFINISHED = frozenset({"failed", "needs approval", "not run"})


@dataclass(frozen=True)
class CellResult:
    """One cell's end."""

    clip: str
    result: Result
    reason: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether the launch did not get what was asked for; a rejected clip is a verdict."""
        return self.result in _UNFINISHED

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def cell_results(
    platform: Platform, clips: Iterable[ClipId], outcomes: Sequence[Outcome]
) -> list[CellResult]:
    """A result per cell; one whose object failed shares that failure."""
    return [_result(platform, clip, outcomes) for clip in clips]


def summary_of(results: Sequence[CellResult]) -> str:
    """``4 cells: 2 valid, 1 rejected, 1 failed``."""
    counts = Counter(result.result for result in results)
    return f"{len(results)} cells: " + ", ".join(f"{n} {name}" for name, n in counts.items())


def _result(platform: Platform, clip: ClipId, outcomes: Sequence[Outcome]) -> CellResult:
    own = [o for o in outcomes if o.subject in (clip, clip.object_id)]
    if failed := next((o for o in own if o.failed), None):
        return CellResult(clip.path, "failed", f"{failed.asset}: {failed.error}")
    if held := next((o for o in own if o.waits), None):
        return CellResult(clip.path, "needs approval", held.error or "")
    if skipped := next((o for o in own if o.error), None):
        return CellResult(clip.path, "not run", skipped.error or "")
    asked = {outcome.asset for outcome in own}
    if "filtered_hoi" not in asked and not video_rejection(platform.store, clip):
        return CellResult(clip.path, "done")
    records = platform.store.summaries.of_object(clip.object_id.path)
    verdict = recorded_verdict(platform.store, clip, records)
    if verdict is None:
        return CellResult(clip.path, "not run", "it has no verdict")
    reasons = "; ".join(verdict.reasons)
    return CellResult(clip.path, "valid" if verdict.valid else "rejected", reasons)
