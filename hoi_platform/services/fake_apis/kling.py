"""Kling's two generations over one account: create, query, errors, callbacks."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, Final

from hoi_platform.services.fake_apis.faults import FaultPlan
from hoi_platform.services.fake_apis.files import FileHost, MakeVideo
from hoi_platform.services.fake_apis.kling_auth import KlingKeys, check_authorization, refusal
from hoi_platform.services.fake_apis.kling_limits import (
    LEGACY_MODELS,
    NEW_MODELS,
    RefusedOrderError,
    legacy_order,
    new_order,
)
from hoi_platform.services.fake_apis.messages import Call, Reply, json_reply
from hoi_platform.services.fake_apis.tasks import Clock, FakeTask, Order, TaskBook, WorkOf, done

CALLBACK_SECRET: Final = "whsec_" + base64.b64encode(b"fake-webhook-secret").decode()
_LEGACY: Final = "/v1/videos/image2video"
REFUSALS: Final[dict[str, tuple[int, int]]] = {
    "auth_failed": (401, 1000),
    "account_exception": (429, 1100),
    "arrears": (429, 1101),
    "pack_used_up": (429, 1102),
    "no_right": (403, 1103),
    "bad_parameter": (400, 1200),
    "no_such_model": (404, 1203),
    "policy": (400, 1300),
    "safety": (400, 1301),
    "ip_whitelist": (429, 1304),
}
"""Refusal → HTTP status and code (Kling's API reference)."""
PASSING: Final[dict[str, tuple[int, int]]] = {"too_fast": (429, 1302), "slots_in_use": (429, 1303)}
"""The same of refusals that pass (Kling's API reference)."""

Notify = Callable[[str, dict[str, str], bytes], None]
"""Sends a callback: address, headers, body."""


class FakeKling:
    """Both generations; ``on_prompt`` maps words in a prompt to refusals, permanent or passing."""

    def __init__(
        self,
        clock: Clock,
        make_video: MakeVideo,
        plan: FaultPlan | None = None,
        *,
        base_url: str = "http://127.0.0.1",
        keys: KlingKeys | None = None,
        slots: int = 100,
        run_s: float = 60.0,
        callback_secret: str = CALLBACK_SECRET,
        notify: Notify | None = None,
        work: WorkOf = done,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self.plan = plan or FaultPlan()
        self.book = TaskBook(clock, self.plan, slots, run_s, work)
        self.files = FileHost(self.book, base_url, make_video)
        self.calls: list[Call] = []
        self.on_prompt: dict[str, str] = {}
        self._clock = clock
        self._keys = keys or KlingKeys()
        self._callback_secret = callback_secret
        self._notify = notify
        self._pause = pause  # before and after a task is made

    def handle(self, call: Call) -> Reply:
        self.calls.append(call)
        takes_jwt = call.path.startswith("/v1/")
        header = call.headers.get("authorization")
        denied = check_authorization(header, self._keys, self._clock(), takes_jwt=takes_jwt)
        if denied is not None:
            return denied
        if call.path.startswith(_LEGACY):
            return self._legacy(call)
        if call.path.startswith("/image-to-video/") and call.method == "POST":
            return self._create_new(call)
        if call.path == "/tasks":
            return self._query_new(call)
        return refusal(404, 1202, f"no {call.method} {call.path}")

    def callback(self, task: FakeTask) -> int:
        """Post the task's present state to its callback address; returns how often."""
        if self._notify is None or task.order.callback_url is None:
            return 0
        body = json.dumps(self._legacy_view(task)).encode()
        times = 2 if self.plan.duplicate_callback() else 1
        for _ in range(times):
            self._notify(task.order.callback_url, self._signed(task.task_id, body), body)
        return times

    def _legacy(self, call: Call) -> Reply:
        rest = call.path.removeprefix(_LEGACY).strip("/")
        if call.method == "POST" and not rest:
            body = call.json()
            if body.get("model_name") not in LEGACY_MODELS:
                return refusal(404, 1203, "no such model")
            return self._create(lambda: legacy_order(body), self._legacy_view)
        if call.method != "GET":
            return refusal(404, 1202, f"no {call.method} here")
        if not rest:
            page = self._page(call)
            return self._odd(page) or _ok([self._legacy_view(task) for task in page])
        task = self.book.find(rest)
        if task is None:
            return refusal(400, 1201, "Task not found")
        return self._odd([task]) or _ok(self._legacy_view(task))

    def _page(self, call: Call) -> list[FakeTask]:
        number, size = int(call.query.get("pageNum", 1)), int(call.query.get("pageSize", 30))
        now = self._clock()
        newest = [task for task in reversed(self.book.tasks) if task.visible <= now]
        return newest[(number - 1) * size : number * size]

    def _odd(self, tasks: list[FakeTask]) -> Reply | None:
        """The answer that an odd task spoils when it is queried, alone or among others."""
        odd = {task.odd(self._clock()) for task in tasks}
        if "forbidden" in odd:
            return Reply(403, b"<html>forbidden</html>", "text/html")
        return refusal(500, 5000, "internal error") if "crashes" in odd else None

    def _create_new(self, call: Call) -> Reply:
        model = call.path.removeprefix("/image-to-video/")
        if model not in NEW_MODELS:
            return refusal(404, 1203, "no such model")
        return self._create(lambda: new_order(model, call.json()), self._new_view)

    def _query_new(self, call: Call) -> Reply:
        ids = call.query.get("external_task_ids") or call.query.get("task_ids") or ""
        found = [task for i in ids.split(",") if (task := self.book.find(i))]
        return self._odd(found) or _ok([self._new_view(task) for task in found])

    def _create(
        self, order_of: Callable[[], Order], view: Callable[[FakeTask], dict[str, Any]]
    ) -> Reply:
        try:
            order = order_of()
        except RefusedOrderError as error:
            return refusal(400, 1201, str(error))
        fault = next((f for word, f in self.on_prompt.items() if word in order.prompt), None)
        fault = fault or self.plan.permanent_fault()
        if fault is not None:
            return refusal(*{**REFUSALS, **PASSING}[fault], fault)
        if self.plan.rates.rejects_duplicates and self.book.is_duplicate(order.external_id):
            return refusal(400, 1201, "external_task_id already exists")
        self._pause()
        task = self.book.add(order)
        self._pause()
        if task is None:
            return refusal(429, 1303, "parallel task over resource pack limit")
        return _ok(view(task))

    def _legacy_view(self, task: FakeTask) -> dict[str, Any]:
        state = task.state(self._clock())
        odd = task.odd(self._clock())
        if odd == "unreadable":
            return {"task_info": {"external_task_id": task.order.external_id}, "task_id": None}
        named = "succeed" if state == "succeeded" else state
        view: dict[str, Any] = {
            "task_id": task.task_id,
            "task_status": "paused" if odd == "odd_status" else named,
            "task_status_msg": "generation failed" if state == "failed" else "",
            "task_info": {"external_task_id": task.order.external_id},
            "created_at": int(1000 * task.created.timestamp()),
            "updated_at": int(1000 * self._clock().timestamp()),
        }
        if state == "succeeded":
            url, seconds = self.files.address(task), str(task.order.seconds)
            video = {"id": f"v{task.task_id}", "url": url, "watermark_url": "", "duration": seconds}
            view |= {"task_result": {"videos": [video]}, "final_unit_deduction": "2.5"}
        return view

    def _new_view(self, task: FakeTask) -> dict[str, Any]:
        state = task.state(self._clock())
        odd = task.odd(self._clock())
        if odd == "unreadable":
            return {"external_task_id": task.order.external_id, "status": ["?"]}
        view: dict[str, Any] = {
            "id": task.task_id,
            "external_task_id": task.order.external_id,
            "status": "paused" if odd == "odd_status" else state,
            "message": "generation failed" if state == "failed" else "",
        }
        if state == "succeeded":
            url, seconds = self.files.address(task), str(task.order.seconds)
            output = {"type": "video", "id": "v", "url": url, "duration": seconds}
            billing = [{"charge_type": "unit", "amount": "2.50", "package_type": "video"}]
            view |= {"outputs": [output], "billing": billing}
        return view

    def _signed(self, task_id: str, body: bytes) -> dict[str, str]:
        stamp, message_id = str(int(self._clock().timestamp())), f"msg_{task_id}"
        secret = base64.b64decode(self._callback_secret.removeprefix("whsec_"))
        signed = f"{message_id}.{stamp}.".encode() + body
        digest = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{digest}",
        }


def _ok(data: Any) -> Reply:
    return json_reply({"code": 0, "message": "SUCCEED", "request_id": "fake", "data": data})
