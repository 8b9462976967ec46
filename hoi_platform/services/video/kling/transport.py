"""Requests to Kling's hosts: signed, with time-outs, errors by their code."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from hoi_platform.services.video import http
from hoi_platform.services.video.kling.auth import Signer
from hoi_platform.services.video.kling.errors import error_of, needs_new_signature


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
    ) -> dict[str, Any]:
        """The answer's JSON. Raises RefusedError, NotAcceptedError or UnknownOutcomeError."""
        response = self._send(method, path, body, params)
        if needs_new_signature(response):
            self._signer.renew(_server_time(response))
            response = self._send(method, path, body, params)
        if (error := error_of(response)) is not None:
            raise http.without_key(error, response.request)
        return http.json_object(response)

    def download(self, url: str, target: Path) -> None:
        """Fetch a finished video. Raises TransientError."""
        http.download(self._files, url, target)

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, params: dict[str, str] | None
    ) -> httpx.Response:
        headers = {"Authorization": self._signer.authorization()}
        request = self._api.build_request(method, path, json=body, params=params, headers=headers)
        return http.send(self._api, request)


def _server_time(response: httpx.Response) -> datetime | None:
    try:
        time = parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
