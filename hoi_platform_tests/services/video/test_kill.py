"""kill -9 of a working process at random moments, and the next one goes on."""

import contextlib
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hoi_platform.services.fake_apis.fal import FakeFal
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.server import application, free_port, serving
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.intent import utc_now
from hoi_platform.services.ledger.schema import RequestRow
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.services.ledger.postgres import running_postgres
from hoi_platform_tests.services.video import paid_worker
from hoi_platform_tests.services.video.paid_world import MAKE_VIDEO, make_frames, prompt_of

SLOW_S = 0.06
"""The service waits this long before and after it makes a task: many kills strike meanwhile."""
LAST_LIVES = 4
"""Unharmed lives at the end: what a person settles after one is fetched by the next."""
SPARE = 3
"""Clips that a first, unharmed life makes, by which the moments of the kills are measured."""


@contextlib.contextmanager
def ledger_url(database: str, folder: Path) -> Iterator[str]:
    """An empty ledger's address."""
    if database == "SQLite":
        yield f"sqlite:///{folder}/ledger.db"
        return
    with running_postgres() as url:
        yield url


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("service", "database", "kills"),
    [
        ("kling", "SQLite", 12),
        pytest.param("kling", "SQLite", 50, marks=pytest.mark.long),
        pytest.param("kling", "PostgreSQL", 50, marks=pytest.mark.long),
        pytest.param("fal", "SQLite", 50, marks=pytest.mark.long),
    ],
)
def test_killed_at_random_moments(
    service: str,
    database: str,
    kills: int,
    tmp_path: Path,
    fast_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that dies between the request and its record would buy again or lose the video."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))  # of the fork server
    with ledger_url(database, fast_folder) as url:
        killed, rows, sold = _kill(kills, service, url, tmp_path, fast_folder)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{kills} kills, {service}, {database} (the clip in work was then: {dict(killed)}): "
            f"{len(rows)} clips, "
            f"{sum(sold.values())} tasks, bought twice {sum(n > 1 for n in sold.values())}, "
            f"delivered {sum(row.state == RequestState.DELIVERED for row in rows)}\n"
        )
    struck = kills - killed["not reserved"] - killed[RequestState.DELIVERED]
    assert struck > kills / 3, "the kills struck before or after the work"
    assert killed[RequestState.SENDING] > 0
    assert max(sold.values()) == 1
    assert {row.state for row in rows} == {RequestState.DELIVERED}
    assert len(rows) == kills + SPARE
    assert len(list(fast_folder.glob("frame*.out.mp4"))) == kills + SPARE


def _kill(
    kills: int, service: str, url: str, tmp_path: Path, folder: Path
) -> tuple[Counter[str], list[RequestRow], Counter[str]]:
    """States of the clips in work at the kills, the rows at the end, tasks sold per prompt."""
    port = free_port()
    plan = FaultPlan(Rates(call=0.05, file=0.05, rejects_duplicates=False), seed=1)
    kling, fal = _services(port, plan)
    open_ledger(url)
    frames = make_frames(tmp_path, kills + SPARE)
    rng = random.Random(0)
    killed_in: Counter[str] = Counter()
    with serving(application(kling, fal), port) as address:
        live = partial(_live, service, address, url, folder)
        clip_s = live(frames[:SPARE], 0, None) / SPARE
        for life in range(1, kills + 1):
            delay = rng.uniform(0.0, clip_s)
            # The newest clip first, then what earlier lives left behind.
            todo = frames[life + SPARE - 1 :: -1]
            live(todo, life, delay)
            killed_in[_state_of(todo[0], url)] += 1
            _settle(url, fal)
        for life in range(kills + 1, kills + LAST_LIVES + 1):
            live(frames, life, None)
            _settle(url, fal)
    book = fal.book if service == "fal" else kling.book
    sold = Counter(task.order.prompt for task in book.tasks)
    return killed_in, open_ledger(url).rows(), sold


def _services(port: int, plan: FaultPlan) -> tuple[FakeKling, FakeFal]:
    """Both services; they take ``SLOW_S`` before and after a task is made."""
    url = f"http://127.0.0.1:{port}"

    def pause() -> None:
        time.sleep(SLOW_S)  # of the service, not of the test

    kling = FakeKling(utc_now, MAKE_VIDEO, plan, base_url=url, slots=10**6, run_s=0.05, pause=pause)
    fal = FakeFal(utc_now, MAKE_VIDEO, plan, base_url=f"{url}/fal", run_s=0.05, pause=pause)
    return kling, fal


def _settle(url: str, fal: FakeFal) -> None:
    """What a person does who looks into fal's console for each doubtful request."""
    ledger = open_ledger(url)
    for row in ledger.rows({RequestState.DOUBTFUL}):
        if row.provider != "fal-ai":
            continue
        prompt = prompt_of(row.subject)
        if bought := [task for task in fal.book.tasks if task.order.prompt == prompt]:
            ledger.advance(row.fingerprint, RequestState.SUBMITTED, task_id=bought[0].task_id)
        else:
            ledger.advance(row.fingerprint, RequestState.RESERVED)


def _live(
    service: str,
    address: str,
    url: str,
    folder: Path,
    frames: list[Path],
    life: int,
    delay: float | None,
) -> float:
    """One process' life, killed after ``delay`` seconds of work; gives how long it worked."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([paid_worker.__name__])
    receiver, sender = context.Pipe(duplex=False)
    arguments = (service, address, url, folder, frames, life, sender)
    process = context.Process(target=paid_worker.work, args=arguments)
    process.start()
    sender.close()
    assert receiver.recv() == "working"
    start = time.monotonic()
    process.join(timeout=delay if delay is not None else 300)
    worked = time.monotonic() - start
    process.kill()
    process.join()
    if delay is None:
        assert receiver.recv() == "finished"
    return worked


def _state_of(frame: Path, url: str) -> str:
    """Where the clip of a frame stands."""
    states = [row.state for row in open_ledger(url).rows() if row.subject == frame.stem]
    return str(states[0]) if states else "not reserved"
