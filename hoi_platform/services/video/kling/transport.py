"""Requests to Kling's hosts: signed, with time-outs, errors by their code."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx

from hoi_platform.services.video import http
from hoi_platform.services.video.kling.answers import Envelope
from hoi_platform.services.video.kling.auth import Signer
from hoi_platform.services.video.kling.errors import Answer, answer_of, error_of
from hoi_platform.services.video.remote import of_a_question

_NO_CODES: Final = frozenset[int]()


class KlingTransport:
    """One account at one host. ``transport`` replaces the network in tests."""

    def __init__(
        self, base_url: str, signer: Signer, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._signer = signer
        self._api = httpx.Client(
            base_url=base_url, timeout=http.TIMEOUT, limits=http.LIMITS, transport=transport
        )
        self._files = http.files_client(transport)

    def __repr__(self) -> str:
        return f"KlingTransport({self._api.base_url})"

    def request(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        params: dict[str, str] | None = None,
    ) -> Envelope:
        """The answer. Raises what ``errors.error_of`` makes of one that is an error."""
        answer = self._answer(method, path, body, params, _NO_CODES)
        assert answer is not None
        return answer

    def query(self, path: str, absent: frozenset[int]) -> Envelope | None:
        """The answer to a GET; None when its code is one of ``absent``."""
        return self._answer("GET", path, None, None, absent)

    def _answer(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        params: dict[str, str] | None,
        absent: frozenset[int],
    ) -> Envelope | None:
        answer, response = self._exchanged(method, path, body, params)
        if answer.known is not None and answer.known.category == "token_lifetime":
            self._signer.renew(_server_time(response))
            answer, response = self._exchanged(method, path, body, params)
        if answer.code in absent:
            return None
        if (error := error_of(answer)) is not None:
            raise of_a_question(error) if method == "GET" else error
        return answer.envelope

    def download(self, url: str, target: Path) -> None:
        """Fetch a finished video. Raises TransientError."""
        http.download(self._files, url, target)

    def _exchanged(
        self, method: str, path: str, body: dict[str, Any] | None, params: dict[str, str] | None
    ) -> tuple[Answer, httpx.Response]:
        headers = {"Authorization": self._signer.authorization()}
        request = self._api.build_request(method, path, json=body, params=params, headers=headers)
        response = http.send(self._api, request)
        return answer_of(response), response


def _server_time(response: httpx.Response) -> datetime | None:
    try:
        time = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
