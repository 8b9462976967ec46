"""fal's queue: submit, status, result. It has no look-up by an id of the client.

Status and result are below an address that fal chooses and that clients have to use by its
documentation; the address that follows from the id alone works too, as in its console. A model's
failure is answered in place of the result, with its own status.
"""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.files import FileHost, MakeVideo
from hoi_platform.services.fake_apis.messages import Call, Reply, json_reply
from hoi_platform.services.fake_apis.tasks import Clock, FakeTask, Order, TaskBook, WorkOf, done

FAL_KEY: Final = "fake-fal-key"
_APP: Final = "/fal-ai/kling-video"
_SHARD: Final = "eu-1"
REFUSALS: Final[dict[str, tuple[int, Any]]] = {
    "auth_failed": (401, "Cannot access application. Authentication is required"),
    "arrears": (403, "User is locked. Reason: Exhausted balance"),
    "bad_parameter": (422, "value is not a valid enumeration member"),
    "safety": (422, [{"loc": ["body"], "msg": "flagged", "type": "content_policy_violation"}]),
}
FAILURES: Final[tuple[tuple[int, dict[str, Any]], ...]] = (
    (422, {"detail": [{"loc": ["body"], "msg": "no video", "type": "no_media_generated"}]}),
    (400, {"detail": [{"loc": ["body"], "msg": "failed", "type": "downstream_service_error"}]}),
    (500, {"detail": [{"loc": ["body"], "msg": "failed", "type": "internal_server_error"}]}),
    (503, {"detail": "the runner was lost", "error_type": "runner_disconnected"}),
    (504, {"detail": [{"loc": ["body"], "msg": "too slow", "type": "generation_timeout"}]}),
)
"""How a failed request answers in place of its result, one after the other."""


class FakeFal:
    """One account at ``queue.fal.run``."""

    def __init__(
        self,
        clock: Clock,
        make_video: MakeVideo,
        plan: FaultPlan | None = None,
        *,
        base_url: str = "http://127.0.0.1",
        key: str = FAL_KEY,
        run_s: float = 60.0,
        keeps_s: float = 3600.0,
        work: WorkOf = done,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self.plan = plan or FaultPlan()
        self.book = TaskBook(clock, self.plan, slots=10**6, run_s=run_s, work=work)
        self.files = FileHost(self.book, base_url, make_video)
        self.calls: list[Call] = []
        self._base_url = base_url
        self._key = key
        self._clock = clock
        self._keeps_s = keeps_s
        self._pause = pause  # before and after a task is made

    def handle(self, call: Call) -> Reply:
        self.calls.append(call)
        if (header := call.headers.get("authorization")) != f"Key {self._key}":
            return json_reply({"detail": f"No user found for Key ID and Secret: {header}"}, 401)
        if not call.path.startswith(_APP):
            return json_reply({"detail": "Application not found"}, 404)
        rest = call.path.removeprefix(_APP).strip("/").split("/")
        if rest[0] == "requests":
            asked = [part for part in rest[1:] if part != _SHARD]
            return self._request(asked[0], status=asked[1:] == ["status"])
        if call.method == "POST" and rest[-1] == "image-to-video":
            return self._submit("/".join(rest), call.json())
        return json_reply({"detail": f"Path /{'/'.join(rest)} not found"}, 404)

    def _submit(self, model: str, body: dict[str, Any]) -> Reply:
        fault = self.plan.permanent_fault()
        if fault is not None:
            status, text = REFUSALS.get(fault, (403, fault))
            return json_reply({"detail": text}, status)
        if not body.get("prompt") or str(body.get("duration")) not in map(str, range(3, 16)):
            detail = [{"loc": ["body", "duration"], "msg": "field required", "type": "missing"}]
            return json_reply({"detail": detail}, 422)
        _, comma, data = str(body.get("image_url")).partition(";base64,")
        image = base64.b64decode(data) if comma else b""
        order = Order(model, body["prompt"], image, float(body["duration"]), None)
        self._pause()
        task = self.book.add(order)
        self._pause()
        assert task is not None
        return json_reply({**self._urls(task), "status": "IN_QUEUE", "queue_position": 0})

    def _request(self, request_id: str, *, status: bool) -> Reply:
        task = self.book.find(request_id)
        if task is None:
            return json_reply({"detail": "Request not found"}, 404)
        if (spoiled := self._odd(task)) is not None:
            return spoiled
        return self._status(task) if status else self._result(task)

    def _status(self, task: FakeTask) -> Reply:
        waiting = {"submitted": "IN_QUEUE", "processing": "IN_PROGRESS"}
        name = waiting.get(task.state(self._clock()))
        body = {**self._urls(task), "status": name or "COMPLETED"}
        return json_reply(body, 202 if name else 200)

    def _result(self, task: FakeTask) -> Reply:
        now = self._clock()
        state = task.state(now)
        if state in ("submitted", "processing"):
            return json_reply({"detail": "Request is still in progress"}, 400)
        if now > task.created + timedelta(seconds=task.run_s + self._keeps_s):
            return json_reply({"detail": "Result expired"}, 404)
        if state == "failed":
            status, body = FAILURES[self.book.tasks.index(task) % len(FAILURES)]
            return json_reply(body, status)
        video = {"url": self.files.address(task), "content_type": "video/mp4"}
        return json_reply({"video": video})

    def _odd(self, task: FakeTask) -> Reply | None:
        """The answer to a query of an odd task."""
        return {
            "odd_status": json_reply({**self._urls(task), "status": "PAUSED"}),
            "forbidden": Reply(403, b"<html>forbidden</html>", "text/html"),
            "unreadable": json_reply({"status": ["?"], "video": 1}),
            "crashes": json_reply({"detail": "oops", "error_type": "internal_error"}, 500),
        }.get(task.odd(self._clock()) or "")

    def _urls(self, task: FakeTask) -> dict[str, str]:
        address = f"{self._base_url}{_APP}/requests/{_SHARD}/{task.task_id}"
        return {
            "request_id": task.task_id,
            "response_url": address,
            "status_url": f"{address}/status",
            "cancel_url": f"{address}/cancel",
        }
