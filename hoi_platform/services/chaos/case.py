"""A case from its first order to the judgment of its requests."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from hoi_platform.services.chaos import buying
from hoi_platform.services.chaos.clock import SharedClock
from hoi_platform.services.chaos.plan import Case, Disaster, Life
from hoi_platform.services.chaos.power import tear
from hoi_platform.services.chaos.processes import Process, fork, watch
from hoi_platform.services.chaos.service import Control, opening
from hoi_platform.services.chaos.verdict import Result, judge_case
from hoi_platform.services.chaos.worker import LEDGER_FILES, Worker, database_path
from hoi_platform.services.ledger.database import make_engine
from hoi_platform.services.ledger.intent import LEASE
from hoi_platform.services.ledger.ledger import Ledger

_MOST_ROUNDS: Final = 25
"""Undisturbed processes after which a case has to be at its end; chosen: a few are enough."""
_SUCCESSOR_SLOT: Final = 4
"""The clock's slot of the process that goes on for stopped ones; chosen after those of the
workers."""
_LOCK_PATIENCE_S: Final = 2.0
"""How long a successor may wait for a lock that a stopped process holds (real s); chosen."""
_FINAL: Final = frozenset(
    {"delivered", "RefusedError", "AccountError", "StageError", "BadInputError", "BudgetError"}
)


class Judge(Protocol):
    """The auditor's process."""

    def excuse(self, subjects: list[str]) -> None: ...
    def pardon(self, subjects: list[str]) -> None: ...
    def hold(self) -> None: ...
    def go_on(self) -> None: ...
    def judge(self, subjects: list[str]) -> dict[str, Any]: ...


@dataclass
class World:
    """What the cases of a part share."""

    site: buying.Site
    clock: SharedClock
    control: Control
    judge: Judge
    crash_server: Callable[[], None] | None = None


class CaseRun:
    """Runs one case in the world."""

    def __init__(self, world: World, case: Case) -> None:
        self._world = world
        self._case = case
        self._rng = random.Random(f"run {case.name}")
        self._subjects = [request.clip for request in buying.requests_of(case, world.site)]
        self.result = Result()

    def run(self) -> Result:
        case, control = self._case, self._world.control
        price = str(buying.list_price(case, self._world.site))
        control.say("open", **opening(case, self._rng.randrange(2**31), price))
        for number, life in enumerate(case.lives, start=1):
            if self._live(number, life):
                break
            self._world.clock.advance(life.gap_s)
        control.say("calm", name=case.name)
        self._recover()
        self._world.judge.pardon(self._subjects)
        judged = self._world.judge.judge(self._subjects)
        judge_case(self.result, case, self._world.site, judged["rows"], judged["tasks"])
        self.result.counts["service faults"] += sum(control.say("faults", name=case.name).values())
        return self.result

    def _live(self, number: int, life: Life) -> bool:
        """Whether a process saw every request come to its end."""
        sold, faults = self._sold(), self._faults()
        processes = [self._fork(slot, disaster) for slot, disaster in enumerate(life.disasters)]
        while any(process.state == "running" for process in processes):
            watch(processes, self._world.clock, _LOCK_PATIENCE_S)  # a stopped one may hold a lock
            if any(process.state == "stopped" for process in processes):
                self._outlive(processes)
        for process in processes:
            self._note(f"life {number}", process)
            self._cut_power(process)
        if all(process.state == "ended" for process in processes):
            self._require_told(sold, processes, answers_are_whole=self._faults() == faults)
        return any(_is_over(process) for process in processes)

    def _sold(self) -> set[str]:
        return {book["task_id"] for book in self._world.control.say("books", name=self._case.name)}

    def _faults(self) -> int:
        """Faults of the service so far, in calls and in its reports on tasks."""
        return sum(self._world.control.say("faults", name=self._case.name).values())

    def _require_told(
        self, before: set[str], processes: list[Process], *, answers_are_whole: bool
    ) -> None:
        """A full disk under the ledger loses no id: it is in the error or on stderr.

        Unless the service itself did not state it: such a task is found by our id later.
        """
        disasters = [process.disaster for process in processes if process.struck]
        if not any(d and d.kind == "disk" and d.target.startswith("ledger") for d in disasters):
            return
        bought = self._sold() - before
        written = {row.task_id for row in self._world.judge.judge(self._subjects)["rows"]}
        words = "".join(process.words for process in processes)
        for task_id in bought - written:
            self.result.counts["ids that could not be written"] += 1
            if task_id in words:
                self.result.counts["ids told to the person instead"] += 1
            elif answers_are_whole:
                self.result.found("id lost", f"{self._case.name}: task {task_id}")

    def _outlive(self, processes: list[Process]) -> None:
        """Another process goes on while some are stopped beyond their lease."""
        clock = self._world.clock
        clock.advance(LEASE.total_seconds() + 1)
        everyone = [*processes, self._fork(_SUCCESSOR_SLOT, None)]
        watch(everyone, clock, _LOCK_PATIENCE_S)
        for process in processes:
            if process.state == "stopped":
                self.result.counts["pauses beyond the lease"] += 1
                process.resume(clock)
        watch(everyone, clock)
        self._note("beside stopped ones", everyone[-1])

    def _cut_power(self, process: Process) -> None:
        """The rest of a power failure: what was not synced is lost."""
        url = self._world.site.ledger_url
        lying = process.disaster is not None and process.disaster.kind == "lying_disk"
        torn = process.said("tear")
        if process.state != "died" or not (process.died_in_sync or (lying and process.struck)):
            return
        path = database_path(url)
        if lying:
            self._world.judge.excuse(self._subjects)
        self._world.judge.hold()
        for suffix in LEDGER_FILES if lying else (torn,):
            file, before = Path(f"{path}{suffix}"), Path(f"{path}{suffix}.before").read_bytes()
            if lying:
                file.write_bytes(before)
            else:
                lost = tear(file, before, self._rng)
                self.result.counts["torn sectors"] += lost
                self.result.counts[f"torn {'log' if suffix else 'database'} tails"] += lost > 0
        Path(f"{path}-shm").unlink(missing_ok=True)
        self.result.counts["forgotten commits"] += lying
        self._world.judge.go_on()

    def _recover(self) -> None:
        """Undisturbed processes, one after the other, until every request has come to its end."""
        for attempt in range(1, _MOST_ROUNDS + 1):
            process = self._fork(0, None)
            watch([process], self._world.clock)
            self._note(f"recovery {attempt}", process)
            outcomes = process.said("outcomes") or []
            if _is_over(process):
                break
            if "UnsettledError" in {outcome["end"] for outcome in outcomes}:
                self._settle()
            elif attempt > 3 and self._only_unfetchable():
                break
            self._world.clock.advance(LEASE.total_seconds() + 1)

    def _only_unfetchable(self) -> bool:
        """Whether all that is left is ready, and the service's files for it are broken."""
        judged = self._world.judge.judge(self._subjects)
        broken = {task.subject for task in judged["tasks"] if task.fault == "corrupt_video"}
        return all(
            row.state != "succeeded" or row.subject in broken for row in judged["rows"]
        ) and bool(broken)

    def _settle(self) -> None:
        """A person looks into the service's console, as the error says."""
        books = self._world.control.say("books", name=self._case.name)
        requests = buying.requests_of(self._case, self._world.site)
        found = [
            next((b["task_id"] for b in books if b["prompt"] == request.prompt), None)
            for request in requests
        ]

        def settle(_report: Any) -> None:
            ledger = Ledger(make_engine(self._world.site.ledger_url), clock=self._world.clock.now)
            for request, task_id in zip(requests, found, strict=True):
                buying.settle(ledger, request, task_id)

        watch([fork(settle, self._world.clock, 0, None)], self._world.clock)
        self.result.counts["settled by hand"] += 1

    def _fork(self, slot: int, disaster: Disaster | None) -> Process:
        seed = self._rng.randrange(2**31)

        def body(report: Any) -> None:
            world = self._world
            worker = Worker(
                self._case,
                world.site,
                clock=world.clock,
                slot=slot,
                disaster=disaster,
                report=report,
                seed=seed,
            )
            worker.crash_server = world.crash_server
            worker.run()

        self.result.counts["processes"] += 1
        return fork(body, self._world.clock, slot, disaster)

    def _note(self, when: str, process: Process) -> None:
        """Count what struck a process, and report it."""
        counts, disaster = self.result.counts, process.disaster
        struck = disaster is not None and process.struck
        if process.state == "died":
            counts["deaths"] += 1
            counts[f"deaths by {disaster.kind if disaster else 'nothing'}"] += 1
        if process.state == "died" and disaster is None:
            self.result.found("unexplained deaths", f"{self._case.name} {when}: {process.status}")
        if disaster is not None and process.struck and disaster.kind == "disk":
            counts[f"{disaster.error}: {disaster.target}"] += 1
        if disaster is not None and process.struck and disaster.kind not in ("disk", "kill"):
            counts[f"struck by {disaster.kind}"] += 1
        if process.state == "hung":
            text = f"{self._case.name} {when}: {disaster}\n{process.words}"
            self.result.found("hung", text)
        harmless = struck and disaster is not None and disaster.kind in _ROUGH
        for outcome in process.said("outcomes") or []:
            if not outcome["typed"] and outcome["end"] != "delivered":
                counts["untyped errors"] += 1
                if not harmless:
                    text = f"{self._case.name} {when}: {outcome['end']}: {outcome['text']}"
                    self.result.found("untyped errors", text)
        ends = [f"{o['end']} {o['text']}".strip() for o in process.said("outcomes") or []]
        self.result.story.append(
            f"{self._world.clock.now():%H:%M:%S} {when}, process {process.slot}: "
            f"{disaster or 'undisturbed'}{' (struck)' if struck else ''}: {process.state}"
            + "".join(f"\n    {end}" for end in ends)
        )


def _is_over(process: Process) -> bool:
    ends = {outcome["end"] for outcome in process.said("outcomes") or []}
    return bool(ends) and ends <= _FINAL


_ROUGH: Final = frozenset({"disk", "connection", "server_crash"})
"""Disasters after which an error of the system may reach the person as it is."""
