"""What every forked worker needs is imported and built once, in its parent."""

import json
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import cv2
from sqlalchemy import create_engine

from hoi_platform.services.chaos import buying
from hoi_platform.services.chaos.clock import SharedClock
from hoi_platform.services.chaos.plan import PROVIDERS, Case, case_of
from hoi_platform.services.chaos.service import Services, opening
from hoi_platform.services.fake_apis.messages import Call
from hoi_platform.services.fake_apis.transport import InProcess
from hoi_platform.services.fake_apis.videos import still_video
from hoi_platform.services.ledger.database import make_engine, migrate
from hoi_platform.services.ledger.ledger import Ledger

_URL = "http://127.0.0.1:9"


def warm_up() -> None:
    """Buy a video of each service in this process, without a network, and forget them."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        clock = SharedClock()
        services = Services(clock, _URL, still_video(width=320, fps=1))
        buying.make_frames(Path(folder) / "frames")
        engine = make_engine(f"sqlite:///{folder}/ledger.db")
        migrate(engine)
        site = buying.Site(str(engine.url), _URL, Path(folder))
        for number, provider in enumerate(PROVIDERS):
            case = replace(_calm(number), provider=provider)
            _open(services, case)
            transport = InProcess(services)  # type: ignore[arg-type]  # it routes as a gateway does
            client = buying.provider_of(case, site, clock.now, transport)
            ledger, sleep = Ledger(engine, clock=clock.now), clock.sleep_of(0)
            backend = buying.backend_of(case, client, ledger, site, sleep, 0)
            request = buying.requests_of(case, site)[0]
            buying.buy(backend, request, buying.clip_of(case, 0), site)
        engine.dispose()
    create_engine("postgresql+psycopg2://").dispose()
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()  # the deadlines of the requests, which are over
    if len(threads := list(Path("/proc/self/task").iterdir())) > 1:
        raise RuntimeError(f"{len(threads)} threads where only one may be forked")


def _calm(number: int) -> Case:
    case = case_of(0, number, "sqlite")
    return replace(case, requests=1, call_faults=0.0, file_faults=0.0, permanent_faults=False)


def _open(services: Services, case: Case) -> None:
    body = opening(case, 0, "1")
    body["rates"]["task"] = 0.0
    services.handle(Call("POST", "/control/open", {}, {}, json.dumps(body).encode()))
