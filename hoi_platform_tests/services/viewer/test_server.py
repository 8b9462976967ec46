"""The file server as a process, attacked through its socket: what it shows, to whom, and how."""

import contextlib
import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.core.formats.artifacts import ARTIFACTS
from hoi_platform.core.formats.published import Published, published
from hoi_platform.services.fake_apis.server import free_port
from hoi_platform.services.viewer.hosts import host_of
from hoi_platform_tests.platform.processes import HOI, running

CLIP: Final = ClipId(ObjectId("Mine", "mug"), "kid", "room", 1)
VIDEO: Final = f"generation/videos_kling/{CLIP.path}.mp4"
BYTES: Final = bytes(range(256)) * 4
SECRET: Final = b"sesame"

PRIVATE: Final = (
    "ledger/ledger.db",
    "ledger/videos/1.mp4",
    f"ground_truth/{CLIP.path}.npz",
    f"ground_truth/performances/{CLIP.path}/performance.npz",
    f"generation/records/interaction_video/{CLIP.path}.json",
    f"generation/variants/kling-ai/records/interaction_video/{CLIP.path}.json",
    ".staging/interaction_video-1/video.mp4",
    f"generation/videos_kling/Mine/mug/.{CLIP.name}.mp4.1234.part",
    "generation/mesh/Mine/.mug/model.obj",
    "generation/mesh/Mine/mug/.git/config",
    "catalogue/mine/entry.yaml",
    "releases/first/README.md",
    "index/manifest.parquet.bak",
    "generation/videos_kling/notes.txt",
    ".env",
)
SHOWN: Final = {
    "index/gallery/index.html": "text/html; charset=utf-8",
    "index/gallery/gallery.js": "text/javascript; charset=utf-8",
    "index/summary.json": "application/json",
    "index/manifest.parquet": "application/octet-stream",
    VIDEO: "video/mp4",
    f"generation/variants/kling-ai/videos_kling/{CLIP.path}.mp4": "video/mp4",
    f"generation/result_vis/{CLIP.path}/poster.jpg": "image/jpeg",
    f"generation/result_vis/{CLIP.path}/recon_result.html": "text/html; charset=utf-8",
    f"generation/4dhoi_recon_smplx/{CLIP.path}/invalid": "text/plain; charset=utf-8",
    "generation/mesh/Mine/mug/evil.html": "application/octet-stream",
    "generation/mesh/Mine/mug/evil.svg": "application/octet-stream",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what may be seen, what may not, and links from the one to the other."""
    root = tmp_path_factory.mktemp("results")
    for name in (*PRIVATE, *SHOWN):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SECRET if name in PRIVATE else BYTES)
    outside = root.parent / "outside.mp4"
    outside.write_bytes(SECRET)
    folder = (root / VIDEO).parent
    (folder / "kid_room_rand00002.mp4").symlink_to(outside)
    (folder / "kid_room_rand00003.mp4").symlink_to(root / "ledger/ledger.db")
    (root / "generation/result_vis/Mine/cup").symlink_to(root / "ground_truth")
    return root


@pytest.fixture(scope="module")
def port(results: Path) -> Iterator[int]:
    """The port of a server that also answers to two more names."""
    port = free_port()
    words = ["serve", "--results_dir", str(results), "--port", str(port)]
    files = {"HOI_FILES_URL": "https://files.example:8443/x"}
    with running([*HOI, *words, "--allowed_host", "Proxy.example"], **files):
        for _ in range(300):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port


def _ask(
    port: int, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    body = answer.read()
    connection.close()
    return answer.status, found, body


def _raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        answer = b""
        with contextlib.suppress(OSError):  # refused before it was sent to its end
            sock.sendall(request)
        with contextlib.suppress(ConnectionResetError):
            while more := sock.recv(65536):
                answer += more
    return answer


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_published_has_its_type(port: int, name: str) -> None:
    """A browser would download a page, or run what a user's mesh brought along."""
    status, headers, body = _ask(port, f"/{name}")
    assert (status, headers["content-type"], body) == (200, SHOWN[name], BYTES)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-site"
    assert headers["cache-control"] == "no-cache"
    scripts = "script-src" in headers["content-security-policy"]
    assert scripts == name.endswith(".html") & ("mesh" not in name)
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("name", PRIVATE)
def test_everything_else_is_absent(port: int, name: str) -> None:
    """Truth, purchases or records would be handed to any page in the browser."""
    status, headers, body = _ask(port, f"/{name}")
    assert (status, SECRET in body) == (404, False)
    assert headers["cache-control"] == "no-store"


ESCAPES: Final = (
    "/../outside.mp4",
    "/%2e%2e/outside.mp4",
    "/index/..%2f..%2foutside.mp4",
    "/index/gallery/../../ledger/ledger.db",
    "/index/gallery/%2e%2e/%2e%2e/ledger/ledger.db",
    "/index/gallery/..%5c..%5cledger%5cledger.db",
    "/index/gallery/%252e%252e/%252e%252e/ledger/ledger.db",
    "//ledger/ledger.db",
    "/./ledger/ledger.db",
    "/LEDGER/ledger.db",
    "/ledger/ledger.db%00.mp4",
    "/index/gallery/%00",
    "/index/gallery/%0d%0aX-Evil:1",
    "/index/gallery/%ff%fe",
    "/index/gallery/" + "a" * 5000,
    "/index/gallery",
    "/index/gallery/",
    "/generation/mesh/Mine/mug",
    f"/{VIDEO}/x",
    "/generation/videos_kling/Mine/mug/kid_room_rand00002.mp4",
    "/generation/videos_kling/Mine/mug/kid_room_rand00003.mp4",
    f"/generation/result_vis/Mine/cup/{CLIP.path}.npz",
    "/generation/result_vis/Mine/cup/Mine/mug/kid_room_rand00001.npz",
    "http://127.0.0.1/ledger/ledger.db",
)


@pytest.mark.parametrize("path", ESCAPES)
def test_no_spelling_of_a_path_leads_out(port: int, path: str) -> None:
    """A crafted address would read any file of the machine."""
    status, headers, body = _ask(port, path)
    assert status in (400, 404)
    assert SECRET not in body
    assert "x-evil" not in headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("LOCALHOST", 200),
        ("localhost.:{port}", 200),
        ("[::1]:{port}", 200),
        ("proxy.example", 200),
        ("files.example:8443", 200),
        ("evil.example:{port}", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost@evil.example", 421),
        ("evil.example#127.0.0.1", 421),
        ("", 421),
    ],
)
def test_a_rebound_name_is_refused(port: int, host: str, status: int) -> None:
    """A page of another site could read the results through DNS that points at this machine."""
    found, headers, body = _ask(port, f"/{VIDEO}", host=host.format(port=port))
    assert found == status
    assert headers["x-content-type-options"] == "nosniff"
    if status == 421:
        assert BYTES not in body
        assert b"hoi serve --allowed_host NAME" in body


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + VIDEO.encode() + b" HTTP/1.0\r\n\r\n",
        b"GET /" + VIDEO.encode() + b" HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n"
        b"Connection: close\r\n\r\n",
        b"GET http://evil.example/" + VIDEO.encode() + b" HTTP/1.1\r\nHost: localhost\r\n"
        b"Connection: close\r\n\r\n",
        b"GET /" + VIDEO.encode() + b" HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 300_000,
    ],
    ids=["no host", "two hosts", "another site's address", "an endless header"],
)
def test_crooked_requests_are_refused(port: int, request_: bytes) -> None:
    """The check of the host would be passed by, or memory filled by whoever can connect."""
    answer = _raw(port, request_)
    assert BYTES not in answer
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))
    assert _ask(port, f"/{VIDEO}")[0] == 200  # it goes on serving


@pytest.mark.parametrize(
    ("range_", "status", "body"),
    [
        ("bytes=0-9", 206, BYTES[:10]),
        ("bytes=-4", 206, BYTES[-4:]),
        ("bytes=1000-", 206, BYTES[1000:]),
        ("bytes=1000-99999", 206, BYTES[1000:]),
        ("bytes=1024-", 416, None),
        ("bytes=99999999999999999999-", 416, None),
        ("bytes=5-2", 400, None),
        ("bytes=x-y", 400, None),
    ],
)
def test_ranges(port: int, range_: str, status: int, body: bytes | None) -> None:
    """A player could not seek in a video, or an odd range would end the server."""
    found, headers, content = _ask(port, f"/{VIDEO}", Range=range_)
    assert found == status
    if body is not None:
        assert content == body
        assert headers["content-range"].endswith("/1024")
        assert headers["content-type"] == "video/mp4"
    if status == 416:
        assert headers["content-range"] == "bytes */1024"


def test_many_ranges_cost_little(port: int) -> None:
    """One request with thousands of ranges would keep a processor busy."""
    many = "bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(5000))
    started = time.monotonic()
    status, _, content = _ask(port, f"/{VIDEO}", Range=many)
    assert status < 500
    assert len(content) < 2_000_000
    assert time.monotonic() - started < 10


def test_head_tags_and_methods(port: int, results: Path) -> None:
    """Videos would be sent again at every look, or an old one shown after it was replaced."""
    status, headers, body = _ask(port, f"/{VIDEO}", "HEAD")
    assert (status, headers["content-length"], body) == (200, "1024", b"")
    assert headers["accept-ranges"] == "bytes"
    tag = headers["etag"]
    assert _ask(port, f"/{VIDEO}", If_None_Match=tag)[0] == 304
    (results / VIDEO).write_bytes(BYTES)
    assert _ask(port, f"/{VIDEO}", If_None_Match=tag)[0] == 200
    assert _ask(port, f"/{VIDEO}", Range="bytes=0-9", If_Range=tag)[0] == 200
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        assert _ask(port, f"/{VIDEO}", method)[0] == 405


def test_every_artifact_is_published_or_privileged() -> None:
    """A link of Dagster's page would lead nowhere, or truth would be shown."""
    for kind in ARTIFACTS.values():
        subject = {"clip": CLIP, "object": CLIP.object_id, "index": None}[kind.scope]
        for file in kind.files:
            path = kind.relative_path(file.key, subject)
            path += "x.bin" if path.endswith("/") else ""
            assert (published(path) is None) == file.privileged, path
        assert published(kind.record_path(subject)) is None
    assert published("index/gallery/index.html") is Published.PAGE


@pytest.mark.parametrize(
    ("url", "names"),
    [
        (None, ()),
        ("http://Files.example:3070/x", ("files.example",)),
        ("http://[::2]:3070", ("[::2]",)),
        ("nonsense", ()),
    ],
)
def test_the_host_of_a_configured_address(url: str | None, names: tuple[str, ...]) -> None:
    """The address that the platform itself links to would be refused."""
    assert host_of(url) == names


def test_pages_work_under_their_policy(port: int, results: Path) -> None:
    """The gallery's scripts or the 3D page's would be blocked by the server's own headers."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium on this machine to open the pages with")
    page = results / f"generation/result_vis/{CLIP.path}/recon_result.html"
    page.write_text(
        "<p id=a></p><script>document.getElementById('a').textContent = 'ran'</script>"
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=='"
        " onload=\"document.getElementById('a').className = 'drawn'\">"
        "<img src='http://elsewhere.invalid/x.png'>"
    )
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--virtual-time-budget=2000", f"--user-data-dir={results / '.profile'}"]
    command += ["--enable-logging=stderr"]
    address = f"http://127.0.0.1:{port}/generation/result_vis/{CLIP.path}/recon_result.html"
    shown = subprocess.run(
        [*command, address], capture_output=True, text=True, timeout=90, check=True
    )
    assert '<p id="a" class="drawn">ran</p>' in shown.stdout
    assert "elsewhere.invalid" in shown.stderr  # blocked, and said so
