"""What the index knows of one clip: a row of the manifest, a card of the gallery."""

from dataclasses import dataclass, field
from typing import Final, Literal

from hoi_platform.core.filtering.verdict import Verdict
from hoi_platform.core.licensing import License

State = Literal["valid", "rejected", "unfinished", "broken"]

# What ``ClipRow.paths`` may hold, relative to the results folder.
PATH_KEYS: Final = (
    "poster",
    "recon_comparison",
    "recon_result",
    "recon_result_top_view",
    "input",
    "page",
    "verdict",
    "hoi_data",
)


@dataclass(frozen=True)
class ClipRow:
    """One clip of the dataset, finished or not."""

    clip_id: str
    dataset: str
    category: str
    task: str
    character: str
    scene: str
    seed: int
    verdict: Verdict | None = None
    """None until the clip has been judged."""
    broken: tuple[str, ...] = ()
    """What is wrong with files of it that cannot be read, each with the cure."""
    rejected_video: str = ""
    """Why its video is not the ordered one; the verdict is then about the video alone."""
    accuracy: dict[str, float | None] = field(default_factory=dict)
    """``ClipAccuracy.to_json()``; empty without ground truth."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time of each stage that is done, in the order of the chain."""
    backends: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    """``PATH_KEYS`` → a path relative to the results folder, with forward slashes."""
    video_variant: str = ""
    """The backend whose video is in use; empty without a video."""
    other_videos: tuple[str, ...] = ()
    """Backends whose videos of the clip are set aside."""
    licenses: tuple[License, ...] = ()
    """Terms of everything that it was made from."""
    made_at: str = ""
    """ISO 8601 time of the newest artifact."""

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.paths) - set(PATH_KEYS)):
            raise ValueError(f"{self.clip_id}: unknown paths {unknown}; known: {list(PATH_KEYS)}")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is broken or rejected; what is wrong with its video says so."""
        first = "video: " if self.rejected_video else ""
        reasons = self.verdict.reasons if self.verdict else ()
        return (*self.broken, *(first + reason for reason in reasons))

    @property
    def state(self) -> State:
        if self.broken:
            return "broken"
        if self.verdict is None:
            return "unfinished"
        return "valid" if self.verdict.valid else "rejected"
