"""Finished videos behind signed addresses that expire."""

import hashlib
import hmac
from collections.abc import Callable

from hoi_platform.services.fake_apis.messages import Call, Reply
from hoi_platform.services.fake_apis.tasks import FakeTask, Order, TaskBook

MakeVideo = Callable[[Order], bytes]
"""An MP4 that answers an order."""

_SECRET = b"fake-cdn"
_VALID_S = 300
"""How long a file's address is valid (s); chosen short, so that expired addresses occur."""


class FileHost:
    """Serves the videos of a task book below ``/files/``."""

    def __init__(self, book: TaskBook, base_url: str, make_video: MakeVideo) -> None:
        self._book = book
        self._base_url = base_url
        self._make_video = make_video

    def address(self, task: FakeTask) -> str:
        """A signed address, valid for five minutes."""
        until = int(self._book.clock().timestamp()) + _VALID_S
        signature = _sign(task.task_id, until)
        return f"{self._base_url}/files/{task.task_id}.mp4?until={until}&signature={signature}"

    def handle(self, call: Call) -> Reply:
        task_id = call.path.removeprefix("/files/").removesuffix(".mp4")
        task = self._book.find(task_id)
        until = int(call.query.get("until", "0"))
        signed = hmac.compare_digest(call.query.get("signature", ""), _sign(task_id, until))
        if "authorization" in call.headers:
            return _text(400, "the CDN accepts no authorization: a key was sent to it")
        if task is None:
            return _text(404, "no such file")
        fault = self._book.plan.file_fault()
        if not signed or until < self._book.clock().timestamp() or fault == "expired":
            return _text(403, "the address has expired")
        task.downloads += 1
        return self._video(task, fault)

    def _video(self, task: FakeTask, fault: str | None) -> Reply:
        if fault == "error":
            return _text(503, "try again")
        video = self._make_video(task.order)
        if fault == "wrong" or task.fault == "wrong_video":
            video = self._make_video(_other(task.order))
        if fault == "corrupt" or task.fault == "corrupt_video":
            video = video[: len(video) // 3] + b"\0" * (len(video) - len(video) // 3)
        if fault in ("truncated", "dropped"):
            return Reply(200, video[: len(video) // 2], "video/mp4", announced=len(video))
        return Reply(200, video, "video/mp4")


def _other(order: Order) -> Order:
    return Order(order.model, order.prompt, b"", order.seconds, order.external_id)


def _sign(task_id: str, until: int) -> str:
    return hmac.new(_SECRET, f"{task_id} {until}".encode(), hashlib.sha256).hexdigest()


def _text(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), "text/plain")
