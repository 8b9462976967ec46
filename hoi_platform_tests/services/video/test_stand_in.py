"""The stand-in can say all that Kling's documentation says."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hoi_platform.services.fake_apis.faults import CALL_FAULTS, FaultPlan, Rates
from hoi_platform.services.fake_apis.kling import REFUSALS
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.messages import Call
from hoi_platform.services.fake_apis.transport import DroppedError, Gateway
from hoi_platform.services.video.kling.auth import JwtSigner
from hoi_platform.services.video.kling.errors import CODES
from hoi_platform.services.video.kling.legacy import create_body
from hoi_platform_tests.services.video.paid_world import World, make_frames, make_request

KEYS = KlingKeys()
PATH = "/v1/videos/image2video"


def token(world: World, ahead: timedelta = timedelta(0), secret: str = KEYS.secret_key) -> str:
    return JwtSigner(KEYS.access_key, secret, lambda: world.clock.now() + ahead).authorization()


@pytest.fixture
def order(tmp_path: Path) -> Call:
    """A good order with an API key."""
    world = World.of(FaultPlan())
    body = create_body(make_request(make_frames(tmp_path, 1)[0], world.config()), "hoi-1")
    headers = {"authorization": f"Bearer {KEYS.api_key}"}
    return Call("POST", PATH, {}, headers, json.dumps(body).encode())


def code(world: World, call: Call) -> int | None:
    """The answer's code, through the gateway with its faults."""
    gateway = Gateway(world.kling, world.kling.files, world.plan, world.clock.now)
    try:
        return json.loads(gateway.handle(call).body).get("code")
    except (DroppedError, ValueError, RecursionError):
        return None


def test_every_code_of_the_table_can_be_met(order: Call) -> None:
    """How the client handles a code would never be tried against a service."""
    world = World.of(FaultPlan())

    def with_header(header: str) -> Call:
        return replace(order, headers={"authorization": header} if header else {})

    hour = timedelta(hours=1)
    met = {
        code(world, with_header("")),
        code(world, with_header("Basic x")),
        code(world, with_header(token(world, secret="another secret of 32 characters."))),
        code(world, with_header(token(world, hour))),
        code(world, with_header(token(world, -hour))),
        code(world, replace(order, method="PUT")),
        code(world, replace(order, body=b"{}")),
        code(world, replace(order, method="GET", path=f"{PATH}/nothing")),
    }
    for fault in (*REFUSALS, *CALL_FAULTS):
        met.add(code(World.of(FaultPlan(always=frozenset({fault}))), order))
    assert met - {0, None} == set(CODES)


@pytest.mark.parametrize(
    ("rejects", "codes"),
    [(True, [0, 1201]), (False, [0, 0])],
)
def test_a_second_task_with_our_id(rejects: bool, codes: list[int], order: Call) -> None:
    """What Kling does with a duplicate is not documented: both ways have to be met."""
    world = World.of(FaultPlan(Rates(rejects_duplicates=rejects)))
    assert [code(world, order) for _ in range(2)] == codes


def test_slots_are_limited_and_free_again(order: Call) -> None:
    """The fault plans would never meet a full account."""

    def numbered(number: int) -> Call:
        body: dict[str, Any] = json.loads(order.body)
        return replace(order, body=json.dumps({**body, "external_task_id": f"{number}"}).encode())

    world = World.of(FaultPlan(), slots=2)
    assert [code(world, numbered(n)) for n in range(3)] == [0, 0, 1303]
    world.clock.sleep(90)
    assert code(world, numbered(3)) == 0


def test_addresses_of_videos_expire(order: Call) -> None:
    """A client that keeps an address would not be found out."""
    world = World.of(FaultPlan())
    code(world, order)
    world.clock.sleep(90)
    address = world.kling.files.address(world.kling.book.tasks[0])
    path, _, query = address.partition("?")
    values = dict(part.split("=") for part in query.split("&"))
    call = Call("GET", path.removeprefix("http://127.0.0.1:1"), values, {}, b"")
    assert world.kling.files.handle(call).status == 200
    world.clock.sleep(301)
    assert world.kling.files.handle(call).status == 403
    assert world.kling.files.handle(replace(call, headers={"authorization": "x"})).status == 400


def test_an_hour_is_an_hour() -> None:
    """No test would meet a task that outlives every wait."""
    world = World.of(FaultPlan(always=frozenset({"one_hour"})))
    task = world.kling.book.add(None)  # type: ignore[arg-type]
    assert task is not None
    states = []
    for minutes in (1, 58, 2):
        world.clock.sleep(60 * minutes)
        states.append(task.state(world.clock.now()))
    assert states == ["processing", "processing", "succeeded"]
