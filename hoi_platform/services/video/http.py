"""What all remote video services share over HTTP: time-outs, safe addresses, downloads."""

import logging
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from hoi_platform.core.errors import ConfigError, HoiError, TransientError
from hoi_platform.services.video.remote import NotAcceptedError, UnknownOutcomeError

# Their sum stays far below the ledger's lease, which assumes that a sender has given up.
TIMEOUT: Final = httpx.Timeout(connect=10, read=60, write=60, pool=10)
# No connection outlives its answer: there is a request in half a minute, and nothing to close.
LIMITS: Final = httpx.Limits(max_keepalive_connections=0)
_MAX_VIDEO_BYTES: Final = 1_000_000_000
_CHUNK_BYTES: Final = 1 << 20
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")

# The request has not left when these are raised; after every other failure it may have arrived.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _CutQueries(logging.Filter):
    """httpx logs whole addresses; those of finished videos are signed in their query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                str(arg.copy_with(query=None)) if isinstance(arg, httpx.URL) else arg
                for arg in record.args
            )
        return True


logging.getLogger("httpx").addFilter(_CutQueries())


def checked_base_url(variable: str, url: str) -> str:
    """An address that keys may be sent to: https, or plain http on this machine alone."""
    parts = urlsplit(url)
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise ConfigError(f"{variable} is {url!r}; it must begin with https:// (keys are sent)")
    return url.rstrip("/")


def send(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """One request, one answer. Raises NotAcceptedError or UnknownOutcomeError without one."""
    host = request.url.host
    try:
        return client.send(request)
    except _NOT_SENT as error:
        raise NotAcceptedError(f"{host} cannot be reached ({type(error).__name__})") from error
    except httpx.TransportError as error:
        raise UnknownOutcomeError(f"{host} gave no answer ({type(error).__name__})") from error


def without_key(error: HoiError, request: httpx.Request) -> HoiError:
    """The error without what the request was signed with: services may quote it."""
    key = request.headers.get("Authorization", "").partition(" ")[2]
    if key:
        error.args = tuple(str(arg).replace(key, "(removed)") for arg in error.args)
    return error


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON object. Raises UnknownOutcomeError when it is something else."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UnknownOutcomeError(f"{response.url.host} answered without a JSON object")
    return body


def files_client(transport: httpx.BaseTransport | None) -> httpx.Client:
    """For downloads: without keys, and without compression, which would hide a cut."""
    return httpx.Client(
        timeout=TIMEOUT,
        limits=LIMITS,
        transport=transport,
        follow_redirects=True,
        max_redirects=3,
        headers={"Accept-Encoding": "identity"},
    )


def download(client: httpx.Client, url: str, target: Path) -> None:
    """Stream a file to ``target`` and compare its size with the announced one.

    No authorization is sent: the address is signed itself. Raises TransientError.
    """
    host = urlsplit(url).hostname
    try:
        with client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                raise TransientError(f"{host} answered {response.status_code} for the video")
            received = _write(response, target)
            announced = response.headers.get("content-length")
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise TransientError(f"{host} broke the download off ({type(error).__name__})") from error
    if announced is not None and received != int(announced):
        raise TransientError(f"{received} of {announced} bytes of the video arrived")


def _write(response: httpx.Response, target: Path) -> int:
    received = 0
    with target.open("wb") as file:
        for chunk in response.iter_raw(_CHUNK_BYTES):
            received += len(chunk)
            if received > _MAX_VIDEO_BYTES:
                raise TransientError(f"the video is larger than {_MAX_VIDEO_BYTES} bytes")
            file.write(chunk)
    return received
