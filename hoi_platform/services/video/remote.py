"""A remote video service as the paid backend sees it, and the ways in which sending fails."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

from hoi_platform.core.errors import AccountError, HoiError, RefusedError, TransientError
from hoi_platform.services.secrets import register_address
from hoi_platform.services.video.backend import VideoRequest

RemoteState = Literal["submitted", "processing", "succeeded", "failed", "unknown"]
"""``unknown``: the task exists, in a state that the service does not document."""


class NotAcceptedError(TransientError):
    """The service answered that it did not accept the request: no task exists, send it later."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnknownOutcomeError(TransientError):
    """No answer, or an internal error: a task may exist. Look it up before anything is resent."""


class UnprovenRefusalError(RefusedError):
    """A refusal without a code that proves it: a task may exist. Look it up before believing it.

    A proxy's error page, a redirect, or the code for an id that already exists.
    """


def of_a_question(error: HoiError) -> HoiError:
    """The error of a query for a task: a refused query says nothing about the task."""
    if isinstance(error, RefusedError) and not isinstance(error, AccountError):
        return UnknownOutcomeError(str(error))
    return error


@dataclass(frozen=True)
class TaskRef:
    """What is known of a task that is queried."""

    external_task_id: str
    """Ours."""
    task_id: str | None
    """The service's; None while it has not answered."""
    model: str
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The service's last answer as the ledger keeps it."""


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


@dataclass(frozen=True)
class Unreadable:
    """A task whose state could not be read; the reason concerns it alone."""

    external_task_id: str
    reason: str


Report = RemoteTask | Unreadable


class VideoProvider(Protocol):
    """One remote service with one account."""

    @property
    def name(self) -> str: ...

    @property
    def account(self) -> str:
        """A name of the account that pays; never the key itself."""
        ...

    @property
    def knows_our_ids(self) -> bool:
        """Whether a task can be found by ``external_task_id`` alone."""
        ...

    @property
    def keeps_videos_for(self) -> timedelta:
        """How long a finished video can be fetched."""
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
        """Send the request once.

        Raises RefusedError, AccountError, UnprovenRefusalError, NotAcceptedError or
        UnknownOutcomeError.
        """
        ...

    def find(self, ref: TaskRef) -> RemoteTask | None:
        """The task; None when the service says that it has none.

        Raises AccountError or TransientError, which say nothing about the task.
        """
        ...

    def query(self, refs: Sequence[TaskRef]) -> Iterable[Report]:
        """The present state of each task, in as few requests as the service allows.

        A problem with one task, or with the query, is reported for each task that it concerns.
        """
        ...

    def download(self, url: str, target: Path) -> None:
        """Fetch a finished video, whole. Raises TransientError."""
        ...
