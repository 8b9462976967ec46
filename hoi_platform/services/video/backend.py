"""The socket of the video role: a task is submitted, and collected when it is finished."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from hoi_platform.core.arrays import Progress
from hoi_platform.core.config.gen_2dhoi import VideoConfig
from hoi_platform.core.filtering.check import Check

if TYPE_CHECKING:
    from hoi_platform.core.formats.ground_truth import GroundTruth

TaskState = Literal["submitted", "processing", "succeeded", "failed"]


@dataclass(frozen=True)
class SimulatedScene:
    """What only the simulated backend is given: the scene itself, to act in it."""

    scene: Path
    """SceneSpec in JSON."""
    person: Path
    """Folder with body.npz, first_frame.npz, colors.npy."""
    mesh_obj: Path
    seed: int
    """What the performance is drawn with."""
    gpu: bool = False
    """Render with a GPU if there is one."""
    performance: Path | None = None
    """What is to be shown, a StoredPerformance; None where the request is only submitted."""


@dataclass(frozen=True)
class VideoOrder:
    """Every purchase of a clip's request, as it is ordered."""

    request: str
    """The request's fingerprint."""
    takes: int
    tails: tuple[bool, ...]
    """For each segment of a take, whether it has a tail image."""

    def covers(self, other: "VideoOrder") -> bool:
        """Whether ``other`` needs no purchase beyond these."""
        return (
            self.request == other.request
            and self.takes >= other.takes
            and self.tails[: len(other.tails)] == other.tails
        )


@dataclass(frozen=True)
class VideoRequest:
    """One clip to be imagined from a conditioning frame and a prompt."""

    clip: str
    fingerprint: str
    """``identity.request_identity``: the same request is never paid for twice."""
    frame: Path
    prompt: str
    config: VideoConfig
    negative_prompt: str = "blur, distort, and low quality"
    tail_frame: Path | None = None
    scene: SimulatedScene | None = None
    part_of: VideoOrder | None = None
    """The order that this purchase belongs to; None where it is the whole order."""

    @property
    def order(self) -> VideoOrder:
        """Everything that is bought for the clip."""
        if self.part_of is not None:
            return self.part_of
        config = self.config
        tails = tuple(
            config.use_all_tail_images or config.seg_idx_for_tail_image == index
            for index in range(config.num_video_segments)
        )
        return VideoOrder(self.fingerprint, config.num_videos, tails)


class VideoTask(BaseModel):
    """A submitted task; ``external_task_id`` is ours, ``task_id`` the provider's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    clip: str
    fingerprint: str
    external_task_id: str
    task_id: str | None = None
    state: TaskState = "submitted"
    model: str
    estimated_cost_usd: float = 0.0


@dataclass(frozen=True)
class CollectedVideo:
    """What a backend delivered besides the file."""

    truth: "GroundTruth | None" = None
    facts: dict[str, Any] = field(default_factory=dict)
    """``rejected`` says why a delivered video is not the ordered one."""
    failed: tuple[Check, ...] = ()
    """The checks that a rejected video failed."""

    @property
    def rejected(self) -> str:
        """Why the video is not the ordered one; empty for one that is."""
        return str(self.facts.get("rejected", ""))


class VideoBackend(Protocol):
    """A source of interaction videos. Errors are RefusedError, BudgetError or TransientError."""

    name: str

    def submit(self, request: VideoRequest) -> VideoTask:
        """Submit the request and return at once; the same request gives the same task."""
        ...

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Wait for the task and write its MP4 to ``target``."""
        ...
