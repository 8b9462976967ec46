"""What all remote video services share over HTTP: deadlines, bounds, safe addresses, downloads."""

import logging
import time
import zlib
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from hoi_platform.core.errors import ConfigError, TransientError
from hoi_platform.core.secret_forms import SHORTEST
from hoi_platform.services.secrets import excerpt
from hoi_platform.services.video.deadline import Deadline, DeadlineExceededError
from hoi_platform.services.video.json_answer import UnreadableJsonError, parse_object
from hoi_platform.services.video.remote import NotAcceptedError, UnknownOutcomeError

ATTEMPT_S: Final = 240.0
"""Total time of one request (s); chosen so that two of them, the second with a new signature, stay
below the ledger's lease, which assumes that a sender has given up."""
DOWNLOAD_S: Final = 540.0
"""Total time of one download (s); chosen below the ledger's lease."""
TIMEOUT: Final = httpx.Timeout(connect=10, read=60, write=60, pool=10)
# No connection outlives its answer: there is a request in half a minute, and nothing to close.
LIMITS: Final = httpx.Limits(max_keepalive_connections=0)
_MAX_ANSWER_BYTES: Final = 16_000_000
"""Largest answer, unpacked; chosen: a page of 500 tasks has about one million bytes."""
_MAX_VIDEO_BYTES: Final = 1_000_000_000
"""Largest video; chosen: ten seconds have tens of millions of bytes."""
_PART_AGE_S: Final = 3600.0
"""Age from which a partial download belongs to a process that ended (s); chosen: no download takes
so long."""
_CHUNK_BYTES: Final = 1 << 20
"""Bytes that are read at once; chosen."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")

# The request has not left when these are raised; after every other failure it may have arrived.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_PLAIN: Final = ("", "identity")
_ZLIB: Final = ("gzip", "x-gzip", "deflate")
_AUTO_HEADER: Final = 47
"""Window bits for "detect gzip or zlib" (zlib)."""


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


def send(
    client: httpx.Client, request: httpx.Request, limit_s: float = ATTEMPT_S
) -> httpx.Response:
    """One request, one answer, read whole within bounds of time and size.

    Raises NotAcceptedError when the request has not left, UnknownOutcomeError when it may have
    and no usable answer came, whatever the cause.
    """
    host = request.url.host
    request.headers["Accept-Encoding"] = "identity"
    try:
        with Deadline(limit_s) as deadline:
            request.extensions = {**request.extensions, "trace": deadline.trace}
            response = client.send(request, stream=True)
            try:
                return _read(response, deadline)
            finally:
                response.close()
    except _NOT_SENT as error:
        raise NotAcceptedError(f"{host} cannot be reached ({type(error).__name__})") from error
    except UnknownOutcomeError:
        raise
    except DeadlineExceededError as error:
        raise UnknownOutcomeError(f"{host} sent no whole answer in {limit_s:.0f} s") from error
    except Exception as error:
        raise UnknownOutcomeError(f"{host} sent no answer ({type(error).__name__})") from error


class BoundedTransport(httpx.BaseTransport):
    """Gives a library's own client the bounds of ``send``; the request goes out through ``client``.

    Raises what ``send`` raises, through the library.
    """

    def __init__(self, client: httpx.Client, limit_s: float = ATTEMPT_S) -> None:
        self._client = client
        self._limit_s = limit_s

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return send(self._client, request, self._limit_s)

    def close(self) -> None:
        self._client.close()


def _read(response: httpx.Response, deadline: Deadline) -> httpx.Response:
    """The same response with its body, unpacked."""
    if response.is_stream_consumed:
        return response  # made by a transport that has it in memory
    raw = bytearray()
    for chunk in response.iter_raw(_CHUNK_BYTES):
        raw += chunk
        _check_size(len(raw), response)
        deadline.check()
    encoding = response.headers.get("content-encoding", "").strip().lower()
    return httpx.Response(
        response.status_code,
        headers={
            name: value
            for name, value in response.headers.items()
            if name not in ("content-encoding", "content-length", "transfer-encoding")
        },
        content=_unpacked(bytes(raw), encoding, response),
        request=response.request,
    )


def _unpacked(raw: bytes, encoding: str, response: httpx.Response) -> bytes:
    """A small packed body may unpack to gigabytes: it is unpacked up to the bound."""
    if encoding in _PLAIN:
        return raw
    if encoding not in _ZLIB:
        raise UnknownOutcomeError(
            f"{response.url.host} packed its answer as {excerpt(encoding, 20)!r}"
        )
    body = zlib.decompressobj(_AUTO_HEADER).decompress(raw, _MAX_ANSWER_BYTES + 1)
    _check_size(len(body), response)
    return body


def _check_size(size: int, response: httpx.Response) -> None:
    if size > _MAX_ANSWER_BYTES:
        raise UnknownOutcomeError(
            f"{response.url.host} answered with more than {_MAX_ANSWER_BYTES} bytes"
        )


def retry_after_s(response: httpx.Response) -> float | None:
    """The pause that an answer asks for (s), given in seconds or as a date; None without one."""
    asked = response.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return float(asked)
    try:
        until, now = (
            parsedate_to_datetime(text) for text in (asked, response.headers.get("date", ""))
        )
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON object, without the key that the request was signed with.

    Raises UnknownOutcomeError when the body is something else.
    """
    try:
        return parse_object(response.content, _secrets(response.request))
    except UnreadableJsonError as error:
        raise UnknownOutcomeError(
            f"{response.url.host} answered {response.status_code} without a JSON object ({error})"
        ) from error


def _secrets(request: httpx.Request) -> tuple[str, ...]:
    """What the request was signed with, and its halves: services quote what they refuse."""
    key = request.headers.get("Authorization", "").partition(" ")[2]
    return tuple(part for part in (key, *key.split(":")) if len(part) >= SHORTEST)


def files_client(transport: httpx.BaseTransport | None) -> httpx.Client:
    """For downloads: without keys, and without compression, which would hide a cut."""
    return httpx.Client(
        timeout=TIMEOUT,
        limits=LIMITS,
        transport=transport,
        follow_redirects=True,
        max_redirects=3,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"request": [_require_safe]},
    )


def _require_safe(request: httpx.Request) -> None:
    """Signed addresses are secrets: they are sent over https only, also after a redirect."""
    if request.url.scheme != "https" and request.url.host not in _LOOPBACK:
        raise TransientError(f"the address of the video at {request.url.host} is not https")


def download(client: httpx.Client, url: str, target: Path, limit_s: float = DOWNLOAD_S) -> None:
    """Stream a file to ``target`` and compare its size with the announced one.

    No authorization is sent: the address is signed itself. Raises TransientError, also when the
    file cannot be written.
    """
    try:
        host = urlsplit(url).hostname
        with Deadline(limit_s) as deadline:
            extensions = {"trace": deadline.trace}
            with client.stream("GET", url, extensions=extensions) as response:
                if response.status_code != httpx.codes.OK:
                    raise TransientError(f"{host} answered {response.status_code} for the video")
                _require_announced(response, _write(response, target, deadline))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        name = type(error).__name__  # the text would quote the signed address
        raise TransientError(f"the service's file host broke off the download ({name})") from error
    except DeadlineExceededError as error:
        raise TransientError(f"{host} did not send the video in {limit_s:.0f} s") from error
    except OSError as error:
        raise TransientError(f"the video cannot be written: {error}") from error


def _require_announced(response: httpx.Response, received: int) -> None:
    announced = response.headers.get("content-length")
    if announced is not None and received != int(announced):
        raise TransientError(f"{received} of {announced} bytes of the video arrived")


def remove_abandoned_parts(folder: Path) -> None:
    """Remove partial downloads of processes that were killed."""
    oldest = time.time() - _PART_AGE_S
    for part in folder.glob(".*.part"):
        try:
            if part.stat().st_mtime < oldest:
                part.unlink()
        except FileNotFoundError:
            continue  # another process was faster


def _write(response: httpx.Response, target: Path, deadline: Deadline) -> int:
    received = 0
    with target.open("wb") as file:
        for chunk in response.iter_raw(_CHUNK_BYTES):
            deadline.check()
            received += len(chunk)
            if received > _MAX_VIDEO_BYTES:
                raise TransientError(f"the video is larger than {_MAX_VIDEO_BYTES} bytes")
            file.write(chunk)
    return received
