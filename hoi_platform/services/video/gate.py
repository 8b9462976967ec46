"""A clip that has a bought video gets another one by an explicit word alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hoi_platform.core.errors import ConfigError
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.video.backend import (
    CollectedVideo,
    Progress,
    VideoBackend,
    VideoRequest,
    VideoTask,
)
from hoi_platform.services.video.montage import segment_of

S = RequestState

_BOUGHT: Final = OPEN | {S.SUCCEEDED, S.DELIVERED, S.REJECTED}
"""States in which a video exists, or may."""


@dataclass(frozen=True)
class Gate:
    """A paid backend that buys a clip's first request, and no other one.

    Takes, segments and repeated attempts of a request that the ledger holds are that request.
    """

    backend: VideoBackend
    ledger: Ledger

    @property
    def name(self) -> str:
        return self.backend.name

    def submit(self, request: VideoRequest) -> VideoTask:
        """Raises ConfigError before anything is sent, and what the backend raises."""
        self._require_first(request)
        return self.backend.submit(request)

    def collect(
        self, task: VideoTask, request: VideoRequest, target: Path, progress: Progress
    ) -> CollectedVideo:
        """Raises what ``submit`` raises: collecting sends what is not sent yet."""
        self._require_first(request)
        return self.backend.collect(task, request, target, progress)

    def _require_first(self, request: VideoRequest) -> None:
        if self._is_known(request) or not (bought := self._bought(request.clip)):
            return
        row = bought[-1]
        raise ConfigError(
            f"{request.clip} has a bought video (ledger row {row.id}, {row.state}: {row.provider} "
            f"{row.model}), and with today's settings or inputs its request is another one. "
            "Nothing was sent. Restore what it was ordered with, or buy another video on the "
            "command line with `python -m hoi_platform.pipelines.gen_2dhoi … --buy-again`"
        )

    def _is_known(self, request: VideoRequest) -> bool:
        """Whether the ledger holds a take of the request, whatever became of it."""
        takes = range(request.config.num_videos)
        first = (segment_of(request, take, 0, request.frame).fingerprint for take in takes)
        return any(self.ledger.find(fingerprint) is not None for fingerprint in first)

    def _bought(self, clip: str) -> list[RequestRow]:
        return [
            row for row in self.ledger.rows(_BOUGHT) if row.kind == "video" and clip in row.subjects
        ]
