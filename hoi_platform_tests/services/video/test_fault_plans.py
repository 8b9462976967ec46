"""Random faults and deaths between us and the service: nothing is bought twice, nothing is lost."""

import multiprocessing
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path

import pytest

from hoi_platform.core.errors import PermanentError, TransientError, UnsettledError
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.ledger.database import make_engine, migrate
from hoi_platform.services.ledger.intent import LEASE
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform_tests.services.video.paid_world import (
    Death,
    ProcessDiedError,
    World,
    make_frames,
    make_request,
    mortal_clock,
    quiet,
)

FEW_PLANS = 36
"""About a dozen of each service."""
PLANS = 1000
CLIPS = 50
WORKERS = 2
OUTAGE_ROUNDS = 30
MOST_ROUNDS = 60
UNUSABLE = ("failed", "wrong_video", "corrupt_video")


@dataclass
class Tally:
    """What the test prints."""

    clips: int = 0
    delivered: int = 0
    refused: int = 0
    failed: int = 0
    rejected: int = 0
    tasks: int = 0
    bought_twice: int = 0
    lost: int = 0
    bought_though_refused: int = 0
    endless: int = 0
    deaths: int = 0
    settled: int = 0
    rounds: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __str__(self) -> str:
        return (
            f"clips {self.clips}: delivered {self.delivered}, refused {self.refused}, failed "
            f"{self.failed}, rejected {self.rejected}; tasks bought {self.tasks}; "
            f"bought twice {self.bought_twice}; lost {self.lost}; bought though refused "
            f"{self.bought_though_refused}; without an end {self.endless}; settled by hand "
            f"{self.settled}; process deaths {self.deaths}; faults "
            f"{sum(self.faults.values())} of {len(self.faults)} kinds"
        )


def test_a_few_fault_plans(fast_folder: Path) -> None:
    """A video would be paid for twice, or paid for and never fetched."""
    check(run_plans(f"sqlite:///{fast_folder}/ledger.db", fast_folder, range(FEW_PLANS)))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_thousand_fault_plans(fast_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A video would be paid for twice, or paid for and never fetched."""
    tally = run_parallel(f"sqlite:///{fast_folder}/ledger.db", fast_folder, PLANS)
    with capsys.disabled():
        sys.stdout.write(f"\n{PLANS} fault plans, SQLite: {tally}\n")
    check(tally)


def run_parallel(url: str, folder: Path, plans: int) -> Tally:
    """The plans, spread over processes that share one ledger."""
    shares = [range(start, plans, WORKERS) for start in range(WORKERS)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        futures = [pool.submit(run_plans, url, folder, share) for share in shares]
        return sum((future.result() for future in futures), Tally())


def check(tally: Tally) -> None:
    """The promise."""
    assert (tally.bought_twice, tally.lost, tally.endless) == (0, 0, 0)
    assert tally.bought_though_refused == 0
    assert tally.settled > 0
    assert tally.delivered > tally.clips / 4
    assert tally.refused > 0
    assert tally.failed > 0
    assert tally.rejected > 0


def run_plans(url: str, folder: Path, plans: range) -> Tally:
    """Every plan over a few of the clips, each with its own stand-in, all in one ledger."""
    engine = make_engine(url)
    migrate(engine)
    folder = folder / f"worker{plans.start}"
    folder.mkdir()
    frames = make_frames(folder, CLIPS)
    tally = Tally()
    for seed in plans:
        rng = random.Random(f"world {seed}")
        world = World.of(FaultPlan.of_seed(seed), rng.choice(("legacy", "new", "fal")))
        death = Death(rng.choice((0.0, 0.02, 0.06)), rng)
        ledger = Ledger(engine, clock=mortal_clock(world.clock, death))
        calm = Ledger(engine, clock=world.clock.now)
        for clip in rng.sample(range(CLIPS), rng.choice((1, 1, 2))):
            request = make_request(frames[clip], world.config(), f"plan {seed} clip {clip}")
            _live_through(
                world, ledger, calm=calm, folder=folder, request=request, death=death, tally=tally
            )
            judge(world, calm, request, tally)
        tally.deaths += death.struck
        tally.faults.update(world.plan.drawn)
    engine.dispose()
    return tally


def _live_through(
    world: World,
    ledger: Ledger,
    calm: Ledger,
    folder: Path,
    request: VideoRequest,
    death: Death,
    tally: Tally,
) -> None:
    """Fresh processes try until the clip is delivered or refused for good.

    A person settles what fal cannot be asked for.
    """
    for attempt in range(MOST_ROUNDS):
        tally.rounds += 1
        if attempt == OUTAGE_ROUNDS:
            rates = Rates(rejects_duplicates=world.plan.rates.rejects_duplicates)
            world.plan.rates, death.rate = rates, 0.0  # every outage ends
        try:
            backend = world.process(ledger, folder, death, attempt)
            task = backend.submit(request)
            backend.collect(task, request, folder / "clip.mp4", quiet)
        except UnsettledError:
            world.settle(calm, request)
            tally.settled += 1
        except PermanentError:
            return
        except (TransientError, ProcessDiedError):
            world.clock.sleep(LEASE.total_seconds() + 1)
        else:
            return
    row = ledger.get(request.fingerprint)
    broken = {"corrupt_video"} & {task.fault for task in world.bought(row, request)}
    # A file that the service has broken stays fetchable for as long as it is there.
    tally.endless += not (broken and row.state == RequestState.SUCCEEDED and row.reason)


def judge(world: World, ledger: Ledger, request: VideoRequest, tally: Tally) -> None:
    """Compare what the service sold with what the ledger says."""
    row = ledger.get(request.fingerprint)
    bought = world.bought(row, request)
    usable = [task for task in bought if task.fault not in UNUSABLE]
    tally.clips += 1
    tally.tasks += len(bought)
    tally.bought_twice += len(bought) > 1
    tally.delivered += row.state == RequestState.DELIVERED
    tally.refused += row.state == RequestState.REFUSED
    tally.failed += row.state == RequestState.FAILED
    tally.bought_though_refused += row.state == RequestState.REFUSED and bool(bought)
    tally.rejected += row.state == RequestState.REJECTED
    tally.lost += bool(usable) and row.state != RequestState.DELIVERED
    tally.lost += row.state == RequestState.DELIVERED and not Path(row.result or "").is_file()
    if row.state in (RequestState.REFUSED, RequestState.FAILED, RequestState.REJECTED):
        assert row.reason, "an end without a reason"
