"""The worker's side of the two pipes."""

import json
import os
from typing import Any


class Channel:
    """Lines of JSON, read from one descriptor and written to the other."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests = os.fdopen(requests, "r", encoding="utf-8")
        self._answers = os.fdopen(answers, "w", encoding="utf-8")

    def receive(self) -> dict[str, Any] | None:
        """The next request, or None when the parent has closed its end."""
        line = self._requests.readline()
        return json.loads(line) if line else None

    def send(self, message: dict[str, Any]) -> None:
        """Write one line at once."""
        self._answers.write(json.dumps(message) + "\n")
        self._answers.flush()

    def event(self, **fields: Any) -> None:
        """Send an event to the parent's ``on_event`` before the answer."""
        self.send({"event": fields})
