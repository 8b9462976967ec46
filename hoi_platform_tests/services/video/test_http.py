"""Every answer of a service is bounded in time and size, and every failure typed."""

import contextlib
import gzip
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hoi_platform.core.errors import TransientError
from hoi_platform.services.ledger.intent import LEASE
from hoi_platform.services.video import http
from hoi_platform.services.video.remote import NotAcceptedError, UnknownOutcomeError

URL = "https://service.example/x"


@contextlib.contextmanager
def dripping(first: bytes) -> Iterator[str]:
    """A server that sends ``first`` and then one byte every 50 ms, forever."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(first)
                while not ended.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            ended.set()
            thread.join(timeout=10)


def answered(response: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    """A client whose every request gets this answer."""
    handler = response if callable(response) else lambda _request: response
    return httpx.Client(transport=httpx.MockTransport(handler))


def test_an_attempt_ends_before_its_lease() -> None:
    """A sender that still waits when its lease ends would meet a second sender."""
    signed_twice = timedelta(seconds=2 * http.ATTEMPT_S)
    assert signed_twice < LEASE
    assert timedelta(seconds=http.DOWNLOAD_S) < LEASE


@pytest.mark.parametrize(
    "first",
    [b"", b"HTTP/1.1 200 OK\r\nx-slow: ", b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n"],
    ids=["status", "headers", "body"],
)
def test_a_dripping_service_does_not_hold_an_attempt(first: bytes) -> None:
    """One byte per minute would keep an attempt alive beyond its lease: reads time out singly."""
    with dripping(first) as url, httpx.Client(timeout=http.TIMEOUT) as client:
        started = time.monotonic()
        with pytest.raises(UnknownOutcomeError):
            http.send(client, client.build_request("POST", url, content=b"x"), limit_s=0.4)
        assert time.monotonic() - started < 5


def test_a_dripping_file_host_does_not_hold_a_download(tmp_path: Path) -> None:
    """A worker would hang for days on one file."""
    body = b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n"
    with dripping(body) as url, pytest.raises(TransientError):
        http.download(http.files_client(None), url, tmp_path / "v.mp4", limit_s=0.4)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, stream=httpx.ByteStream(b"x" * 17_000_000)),
        httpx.Response(
            200,
            headers={"content-encoding": "gzip"},
            stream=httpx.ByteStream(gzip.compress(bytes(20_000_000))),
        ),
        httpx.Response(
            200, headers={"content-encoding": "br"}, stream=httpx.ByteStream(b"\x00\x01")
        ),
        httpx.Response(
            200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")
        ),
    ],
    ids=["large", "bomb", "unasked packing", "broken packing"],
)
def test_answers_are_bounded_also_unpacked(response: httpx.Response) -> None:
    """A small answer that unpacks to gigabytes would end the worker, and its row's record."""
    client = answered(response)
    with pytest.raises(UnknownOutcomeError):
        http.send(client, client.build_request("GET", URL))


def test_a_packed_answer_is_read() -> None:
    """A proxy that packs unasked would make every answer unreadable."""
    packed = httpx.ByteStream(gzip.compress(b'{"code": 0}'))
    client = answered(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=packed))
    response = http.send(client, client.build_request("GET", URL))
    assert http.json_object(response) == {"code": 0}


def test_a_redirect_takes_nothing_elsewhere() -> None:
    """Key, prompt and picture would be sent to whatever host an answer names."""
    hosts = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://elsewhere.example/"})

    client = answered(answer)
    request = client.build_request("POST", URL, headers={"Authorization": "Bearer secret"})
    assert http.send(client, request).status_code == 307
    assert hosts == ["service.example"]


@pytest.mark.parametrize("location", ["https://cdn.example/again", "http://cdn.example/plain"])
def test_downloads_follow_few_redirects_and_none_to_plain_http(
    location: str, tmp_path: Path
) -> None:
    """An endless chain of redirects would be an untyped error; a signed address would leak."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"location": location})

    client = http.files_client(httpx.MockTransport(answer))
    with pytest.raises(TransientError):
        http.download(client, "https://cdn.example/v?signature=abc", tmp_path / "v.mp4")
    assert len(asked) == (1 if location.startswith("http://") else 4)


@pytest.mark.parametrize("url", ["", "nonsense", "https://[", "http://\0", "https://x.example:-1/"])
def test_an_address_that_is_none_is_a_failed_download(url: str, tmp_path: Path) -> None:
    """A service's nonsense would end the worker with a library's exception."""
    client = http.files_client(httpx.MockTransport(lambda _: httpx.Response(404)))
    with pytest.raises(TransientError):
        http.download(client, url, tmp_path / "v.mp4")


def test_a_full_disk_is_a_failed_download() -> None:
    """A disk that fills up during a download would end the run untyped."""
    client = http.files_client(httpx.MockTransport(lambda _: httpx.Response(200, content=b"v")))
    with pytest.raises(TransientError, match="cannot be written"):
        http.download(client, "https://cdn.example/v", Path("/dev/full/v.mp4"))


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError("x"), NotAcceptedError),
        (httpx.ReadTimeout("x"), UnknownOutcomeError),
        (httpx.TooManyRedirects("x"), UnknownOutcomeError),
        (httpx.DecodingError("x"), UnknownOutcomeError),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), UnknownOutcomeError),
        (RecursionError(), UnknownOutcomeError),
        (OSError(28, "No space left on device"), UnknownOutcomeError),
    ],
)
def test_after_it_left_every_failure_is_typed(failure: Exception, kind: type) -> None:
    """The row of a request that may have been bought would be left without a word."""

    def fail(_request: httpx.Request) -> httpx.Response:
        raise failure

    client = answered(fail)
    with pytest.raises(kind):
        http.send(client, client.build_request("POST", URL))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_in_both_documented_forms(header: str, seconds: float | None) -> None:
    """Whoever asks for a pause would be asked again at once."""
    date = "Fri, 20 Nov 2026 12:00:00 GMT"
    headers = {"retry-after": header.encode(), "date": date.encode()}
    assert http.retry_after_s(httpx.Response(429, headers=headers)) == seconds


def test_partial_downloads_of_killed_processes_are_removed(tmp_path: Path) -> None:
    """Each kill would leave a file of many megabytes forever; one that is written must stay."""
    old, fresh, video = (tmp_path / name for name in (".a.1.part", ".b.2.part", "c.mp4"))
    for path in (old, fresh, video):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    os.utime(video, (0, 0))
    http.remove_abandoned_parts(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".b.2.part", "c.mp4"]
    http.remove_abandoned_parts(tmp_path / "missing")
