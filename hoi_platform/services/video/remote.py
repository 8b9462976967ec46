"""A remote video service as the paid backend sees it, and the two ways in which sending fails."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

from hoi_platform.core.errors import TransientError
from hoi_platform.services.secrets import register_address
from hoi_platform.services.video.backend import VideoRequest

RemoteState = Literal["submitted", "processing", "succeeded", "failed"]


class NotAcceptedError(TransientError):
    """The service answered that it did not take the request: no task exists, send it later."""


class UnknownOutcomeError(TransientError):
    """No answer, or an internal error: a task may exist. Look it up before anything is resent."""


@dataclass(frozen=True)
class TaskRef:
    """What is known of a task that is asked for."""

    external_task_id: str
    """Ours."""
    task_id: str | None
    """The service's; None while it has not answered."""
    model: str


@dataclass(frozen=True)
class RemoteTask:
    """A task as the service reports it."""

    task_id: str
    external_task_id: str | None
    state: RemoteState
    message: str = ""
    video_url: str | None = field(default=None, repr=False)
    """Signed and short-lived: never logged, never stored."""
    cost_usd: Decimal | None = None
    answer: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        register_address(self.video_url)


class VideoProvider(Protocol):
    """One remote service with one account."""

    @property
    def name(self) -> str: ...

    @property
    def account(self) -> str:
        """A name for whose money it is; never the key itself."""
        ...

    @property
    def knows_our_ids(self) -> bool:
        """Whether a task can be found by ``external_task_id`` alone."""
        ...

    def model(self, request: VideoRequest) -> str:
        """The model that the request asks for."""
        ...

    def validate(self, request: VideoRequest) -> None:
        """Raises BadInputError that names field, value and limit; nothing is sent."""
        ...

    def estimate_usd(self, request: VideoRequest) -> Decimal:
        """The price that the request is expected to have."""
        ...

    def create(self, request: VideoRequest, external_task_id: str) -> RemoteTask:
        """Send the request once. Raises RefusedError, NotAcceptedError or UnknownOutcomeError."""
        ...

    def find(self, ref: TaskRef) -> RemoteTask | None:
        """The task; None when the service says that it has none. Raises TransientError."""
        ...

    def query(self, refs: Sequence[TaskRef]) -> list[RemoteTask]:
        """The present state of tasks, in as few requests as the service allows.

        Tasks that the service does not know are left out.
        """
        ...

    def download(self, url: str, target: Path) -> None:
        """Fetch a finished video, whole. Raises TransientError."""
        ...
