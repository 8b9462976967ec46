"""The stand-in services of a part, in a process of their own: their records outlive every worker.

Each case has an account of its own below ``/CASE``; below ``/control`` the bench opens accounts,
ends their outages and reads the records. The service prices each task differently, so that a cost
in the wrong row is noticed.
"""

import http.client
import json
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from hoi_platform.services.chaos.clock import SharedClock
from hoi_platform.services.chaos.plan import Case
from hoi_platform.services.fake_apis.fal import FakeFal
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.fake_apis.files import MakeVideo
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.messages import Call, Reply, json_reply
from hoi_platform.services.fake_apis.tasks import FakeTask, Order
from hoi_platform.services.fake_apis.transport import FAL_ERRORS, KLING_ERRORS, Gateway
from hoi_platform.services.video.pricing import UNIT_USD

RUN_S: Final = 60.0
"""How long a stand-in's task runs (virtual s); chosen."""
UNUSABLE: Final = ("failed", "wrong_video", "corrupt_video")
"""Faults of a task that leave nothing to deliver."""
_PERMANENT_RATE: Final = 0.15
"""Share of the requests that can never succeed, where a case has such; chosen."""
_TASK_RATE: Final = 0.3
"""Share of the tasks that go wrong; chosen."""
_FOREVER_S: Final = 1e9
"""How long the stand-in of fal keeps videos (virtual s); chosen: a case that lasts longer than an
hour loses none."""


@dataclass(frozen=True)
class Account:
    """One case's account at its service."""

    name: str
    service: FakeKling | FakeFal
    plan: FaultPlan
    gateway: Gateway
    list_price: Decimal

    def charge(self, task: FakeTask) -> Decimal:
        """USD: fal states no cost, so its list price counts; Kling deducts units."""
        if isinstance(self.service, FakeFal):
            return self.list_price
        return units_of(self.name, task.task_id) * UNIT_USD


class Services:
    """What the service process serves."""

    def __init__(self, clock: SharedClock, base_url: str, make_video: MakeVideo) -> None:
        self._clock = clock
        self._base_url = base_url
        self._make_video = make_video
        self._accounts: dict[str, Account] = {}
        self._hashes: dict[str, str] = {}
        self._lock = threading.Lock()

    def handle(self, call: Call) -> Reply:
        _, name, rest = call.path.split("/", 2)
        if name == "control":
            return json_reply(self._control(rest, call.json()))
        return self._accounts[name].gateway.handle(replace(call, path=f"/{rest}"))

    def _control(self, word: str, body: dict[str, Any]) -> Any:
        if word == "open":
            self._open(body)
        elif word == "calm":
            account = self._accounts[body["name"]]
            account.plan.rates = Rates(rejects_duplicates=account.plan.rates.rejects_duplicates)
        elif word == "books":
            return self._books(body.get("name"))
        elif word == "faults":
            return dict(self._accounts[body["name"]].plan.drawn)
        return {}

    def _open(self, body: dict[str, Any]) -> None:
        name = body["name"]
        plan = CalmTasks(Rates(**body["rates"]), body["seed"])
        url = f"{self._base_url}/{name}"
        service: FakeKling | FakeFal
        if body["provider"] == "fal":
            service = FakeFal(
                self._clock.now,
                self._make_video,
                plan,
                base_url=url,
                run_s=RUN_S,
                keeps_s=_FOREVER_S,
            )
        else:
            service = FakeKling(
                self._clock.now,
                self._make_video,
                plan,
                base_url=url,
                slots=body["slots"],
                run_s=RUN_S,
            )
        errors = FAL_ERRORS if isinstance(service, FakeFal) else KLING_ERRORS
        gateway = Gateway(Cashier(name, service), service.files, plan, self._now, errors)
        price = Decimal(body["list_price"])
        self._accounts[name] = Account(name, service, plan, gateway, price)

    def _now(self) -> datetime:
        return self._clock.now()

    def _books(self, name: str | None) -> list[dict[str, Any]]:
        """Every task that was sold: its prompt, its price and its video."""
        names = list(self._accounts) if name is None else [name]
        return [
            {
                "prompt": task.order.prompt.partition(" Avoid:")[0],
                "task_id": task.task_id,
                "external_id": task.order.external_id,
                "usd": str(account.charge(task)),
                "fault": task.fault,
                "sha256": self._hash(task),
            }
            for account in (self._accounts[n] for n in names)
            for task in list(account.service.book.tasks)
        ]

    def _hash(self, task: FakeTask) -> str:
        with self._lock:
            key = f"{id(task)}"
            if key not in self._hashes:
                order = task.order
                if task.fault == "wrong_video":
                    order = Order(order.model, order.prompt, b"", order.seconds, order.external_id)
                self._hashes[key] = sha256(self._make_video(order)).hexdigest()
            return self._hashes[key]


class CalmTasks(FaultPlan):
    """A fault plan whose tasks fail for good only where requests may be refused for good."""

    def task_fault(self) -> str | None:
        fault = super().task_fault()
        return None if self.rates.permanent == 0 and fault in UNUSABLE else fault


class Cashier:
    """A service whose answers state the charge of each ended task."""

    def __init__(self, account: str, service: FakeKling | FakeFal) -> None:
        self._account = account
        self._service = service

    def handle(self, call: Call) -> Reply:
        reply = self._service.handle(call)
        if isinstance(self._service, FakeFal) or reply.status != 200:
            return reply
        body = json.loads(reply.body)
        data = body.get("data")
        for task in data if isinstance(data, list) else [data]:
            if isinstance(task, dict):
                self._price(task)
        return replace(reply, body=json.dumps(body).encode())

    def _price(self, task: dict[str, Any]) -> None:
        if task.get("task_status") in ("succeed", "failed") or "final_unit_deduction" in task:
            task["final_unit_deduction"] = str(units_of(self._account, task["task_id"]))
        if task.get("status") in ("succeeded", "failed") or "billing" in task:
            units = str(units_of(self._account, task["id"]))
            task["billing"] = [{"charge_type": "unit", "amount": units, "package_type": "video"}]


def units_of(account: str, task_id: str) -> Decimal:
    """What a task costs, in units; hardly any two cost the same."""
    digest = int.from_bytes(sha256(f"{account} {task_id}".encode()).digest()[:2])
    return Decimal(100 + digest % 900) / 100


def opening(case: Case, seed: int, list_price: str) -> dict[str, Any]:
    """The body of ``/control/open``: a case's account."""
    rates = {
        "call": case.call_faults,
        "permanent": _PERMANENT_RATE if case.permanent_faults else 0.0,
        "task": _TASK_RATE,
        "file": case.file_faults,
        "rejects_duplicates": case.rejects_duplicates,
    }
    return {
        "name": case.name,
        "provider": case.provider,
        "seed": seed,
        "rates": rates,
        "slots": case.slots,
        "list_price": list_price,
    }


def serve(services: Services, port: int) -> None:
    """Serve until the process is ended."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Route

    from hoi_platform.services.fake_apis.server import endpoint

    route = Route("/{rest:path}", endpoint(services.handle), methods=["GET", "POST"])
    config = uvicorn.Config(
        Starlette(routes=[route]),
        host="127.0.0.1",
        port=port,
        log_level="critical",
        lifespan="off",
        date_header=False,
    )
    uvicorn.Server(config).run()


class Control:
    """The bench's side of ``/control``; a connection per call, so that it can be used anywhere."""

    def __init__(self, port: int) -> None:
        self._port = port

    def say(self, word: str, **body: Any) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST", f"/control/{word}", json.dumps(body))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def wait_until_up(self) -> None:
        """Raises ConnectionError when nobody answers within half a minute."""
        for _ in range(300):
            try:
                self.say("books")
            except ConnectionError:
                time.sleep(0.1)
            else:
                return
        raise ConnectionError("the stand-in services did not start")
