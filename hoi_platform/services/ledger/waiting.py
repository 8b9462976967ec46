"""Says what an open row waits for, for lists, errors and progress."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import RequestState

S = RequestState


def waits_for(row: RequestRow, now: datetime) -> str:
    """Empty for a row that has ended; ``now`` is the ledger's."""
    say = _WAITS.get(RequestState(row.state))
    return say(row, now) if say else ""


def _sending(row: RequestRow, now: datetime) -> str:
    if row.lease_until is None:
        return "its sender's answer"
    left = (row.lease_until - now).total_seconds()
    if left <= 0:
        return "a look-up: its sender has ended"
    return (
        f"its sender's answer; if the sender has ended, it is looked up from "
        f"{_clock(row.lease_until)} UTC on (in {_minutes(left)})"
    )


def _succeeded(row: RequestRow, now: datetime) -> str:
    if row.result is not None:
        return "the run of its clip, which checks the fetched file"
    if row.fetch_after is None or row.fetch_after <= now:
        return "being fetched"
    left = (row.fetch_after - now).total_seconds()
    return f"being fetched again at {_clock(row.fetch_after)} UTC (in {_minutes(left)})"


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S")


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


_WAITS: Final[dict[RequestState, Callable[[RequestRow, datetime], str]]] = {
    S.RESERVED: lambda _row, _now: "a free slot of the account, or the next run",
    S.SENDING: _sending,
    S.DOUBTFUL: lambda _row, _now: "a look-up at the service",
    S.SUBMITTED: lambda _row, _now: "the service, which has it in its queue",
    S.PROCESSING: lambda _row, _now: "the service, which makes it",
    S.SUCCEEDED: _succeeded,
}
