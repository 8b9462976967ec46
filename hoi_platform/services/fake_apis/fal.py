"""fal's queue: submit, status, result. It has no look-up by an id of the client."""

import base64
from typing import Any, Final

from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.files import FileHost, MakeVideo
from hoi_platform.services.fake_apis.messages import Call, Reply, json_reply
from hoi_platform.services.fake_apis.tasks import Clock, FakeTask, Order, TaskBook, WorkOf, done

FAL_KEY: Final = "fake-fal-key"
_APP: Final = "/fal-ai/kling-video"
REFUSALS: Final[dict[str, tuple[int, str]]] = {
    "auth_failed": (401, "Cannot access application. Authentication is required"),
    "arrears": (403, "User is locked. Reason: Exhausted balance"),
    "bad_parameter": (422, "value is not a valid enumeration member"),
    "safety": (422, "content_policy_violation"),
}


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
        work: WorkOf = done,
    ) -> None:
        self.plan = plan or FaultPlan()
        self.book = TaskBook(clock, self.plan, slots=10**6, run_s=run_s, work=work)
        self.files = FileHost(self.book, base_url, make_video)
        self.calls: list[Call] = []
        self._base_url = base_url
        self._key = key
        self._clock = clock

    def handle(self, call: Call) -> Reply:
        self.calls.append(call)
        if (header := call.headers.get("authorization")) != f"Key {self._key}":
            return json_reply({"detail": f"No user found for Key ID and Secret: {header}"}, 401)
        if not call.path.startswith(_APP):
            return json_reply({"detail": "Application not found"}, 404)
        rest = call.path.removeprefix(_APP).strip("/").split("/")
        if rest[0] == "requests":
            return self._request(rest[1], status=rest[2:] == ["status"])
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
        task = self.book.add(order)
        assert task is not None
        return json_reply({**self._urls(task), "status": "IN_QUEUE", "queue_position": 0})

    def _request(self, request_id: str, *, status: bool) -> Reply:
        task = self.book.find(request_id)
        if task is None:
            return json_reply({"detail": "Request not found"}, 404)
        state = task.state(self._clock())
        if status:
            name = {"submitted": "IN_QUEUE", "processing": "IN_PROGRESS"}.get(state, "COMPLETED")
            return json_reply(
                {**self._urls(task), "status": name}, 200 if name == "COMPLETED" else 202
            )
        if state in ("submitted", "processing"):
            return json_reply({"detail": "Request is still in progress"}, 400)
        if state == "failed":
            detail = [{"loc": ["body"], "msg": "generation failed", "type": "generation_error"}]
            return json_reply({"detail": detail}, 422)
        url = self.files.address(task)
        video = {"url": url, "content_type": "video/mp4", "file_name": "output.mp4"}
        return json_reply({"video": video})

    def _urls(self, task: FakeTask) -> dict[str, str]:
        address = f"{self._base_url}{_APP}/requests/{task.task_id}"
        return {
            "request_id": task.task_id,
            "response_url": address,
            "status_url": f"{address}/status",
            "cancel_url": f"{address}/cancel",
        }
