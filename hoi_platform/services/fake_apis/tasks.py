"""The tasks of one account at a stand-in: how they run, end and hold slots."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from hoi_platform.services.fake_apis.faults import ODD_READINGS, FaultPlan

State = Literal["submitted", "processing", "succeeded", "failed"]
Work = Literal["working", "done", "failed"]
"""How far the video of an order is."""
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Order:
    """What the client asked for, whatever the API's form."""

    model: str
    prompt: str
    image: bytes
    seconds: float
    external_id: str | None
    callback_url: str | None = None


_HIDDEN_S: Final = {"seen_late": 25, "seen_very_late": 150}
"""How long a new task cannot be found (s); chosen within and beyond a usual wait."""
_ODD: Final = timedelta(minutes=20)

WorkOf = Callable[[Order], Work]


def done(_order: Order) -> Work:
    """The work of stand-ins whose videos cost nothing to make."""
    return "done"


@dataclass
class FakeTask:
    """One task that was bought."""

    task_id: str
    order: Order
    created: datetime
    run_s: float
    visible: datetime
    fault: str | None
    downloads: int = 0
    work: WorkOf = done
    odd_until: datetime | None = None
    """While its fault is one of ``ODD_READINGS``."""

    def odd(self, now: datetime) -> str | None:
        """What goes wrong when it is queried."""
        return self.fault if self.odd_until is not None and now < self.odd_until else None

    def state(self, now: datetime) -> State:
        work = self.work(self.order)
        age = (now - self.created).total_seconds()
        if age < min(5.0, self.run_s):
            return "submitted"
        if age < self.run_s or work == "working":
            return "processing"
        return "failed" if "failed" in (self.fault, work) else "succeeded"


class TaskBook:
    """All tasks of an account; safe for the threads of a server."""

    def __init__(
        self,
        clock: Clock,
        plan: FaultPlan,
        slots: int,
        run_s: float = 60.0,
        work: WorkOf = done,
    ) -> None:
        self.clock = clock
        self.plan = plan
        self.slots = slots
        self.tasks: list[FakeTask] = []
        self.run_s = run_s
        self._work = work
        self._lock = threading.Lock()

    def add(self, order: Order) -> FakeTask | None:
        """A new task; None when all slots are in use."""
        with self._lock:
            now = self.clock()
            open_now = [t for t in self.tasks if t.state(now) in ("submitted", "processing")]
            if len(open_now) >= self.slots:
                return None
            fault = self.plan.task_fault()
            task = FakeTask(
                task_id=f"{860_000_000_000_000_000 + len(self.tasks)}",
                order=order,
                created=now,
                run_s=3600.0 if fault == "one_hour" else self.run_s,
                visible=now + timedelta(seconds=_HIDDEN_S.get(fault or "", 0)),
                fault=fault,
                work=self._work,
                odd_until=now + _ODD if fault in ODD_READINGS else None,
            )
            self.tasks.append(task)
            return task

    def is_duplicate(self, external_id: str | None) -> bool:
        with self._lock:
            return any(t.order.external_id == external_id for t in self.tasks)

    def find(self, reference: str) -> FakeTask | None:
        """By the service's id or the client's; the newest, as a service would."""
        now = self.clock()
        with self._lock:
            for task in reversed(self.tasks):
                ids = (task.task_id, task.order.external_id)
                if reference in ids and task.visible <= now:
                    return task
        return None

    def bought(self, external_id: str) -> list[FakeTask]:
        """Every task of one external id, however late it shows."""
        return [t for t in self.tasks if t.order.external_id == external_id]
