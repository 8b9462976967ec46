"""What the ledger holds of clips' videos: which are under way, and which would be new orders."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from hoi_platform.core.clip import FIRST_TASK, ClipId
from hoi_platform.resources.ledger import LedgerResource, ledger_exists
from hoi_platform.services.backends.registry import is_free
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import OPEN, RequestState
from hoi_platform.services.platform import Platform

_UNDER_WAY: Final = OPEN | {RequestState.RESERVED, RequestState.SUCCEEDED}
_BOUGHT: Final = frozenset(RequestState) - {RequestState.REFUSED}
TASK: Final = "video_task"


@dataclass
class Purchases:
    """The states of all requests for videos, by clip."""

    states: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[RequestRow]) -> "Purchases":
        """From the rows of a ledger."""
        found: dict[str, set[str]] = {}
        for row in rows:
            for subject in row.subjects if row.kind == "video" else ():
                found.setdefault(subject, set()).add(row.state)
        return cls(found)

    def waits_for(self, platform: Platform, clip: ClipId, missing: Iterable[str]) -> bool:
        """Whether the clip's video is under way; the sensor ``video_poll`` continues with it."""
        states = self.states.get(str(clip), set())
        ordered = TASK not in missing and not states.isdisjoint(_UNDER_WAY)
        return ordered and not _is_free(platform, clip)

    def would_buy(self, platform: Platform, clip: ClipId, missing: Iterable[str]) -> bool:
        """Whether making what is missing orders a video that the ledger does not hold."""
        states = self.states.get(str(clip), set())
        return TASK in missing and states.isdisjoint(_BOUGHT) and not _is_free(platform, clip)


def _is_free(platform: Platform, clip: ClipId) -> bool:
    video = platform.settings(clip.object_id.task).gen_2dhoi.video
    return is_free("video", video.model_api)


def known_purchases(platform: Platform, ledger: LedgerResource) -> Purchases:
    """What the ledger holds; looking does not create one. Raises ConfigError, LedgerBrokenError."""
    if not ledger_exists(platform.results_dir):
        return Purchases()
    budget = platform.settings(FIRST_TASK).gen_2dhoi.video.budget
    return Purchases.of(ledger.ledger(budget).rows())
