"""However an endpoint or a library quotes a key or a signed address, it is nowhere after a run.

Each way is played end to end: the vision model behind ``video_prompt`` quotes it, Dagster stores
what came of it; then results, ledger, Dagster's storage, logs and terminal are searched.
"""

import base64
import html
import json
import logging
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import httpx
import httpx2
import openai
import pytest

from hoi_platform.core.errors import RefusedError
from hoi_platform.definitions import build_defs
from hoi_platform.partitions import add_object_keys, cell_key
from hoi_platform.resources.ledger import LedgerResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.resources.vision import VisionResource
from hoi_platform_tests.platform.prepared import ABOVE, DRILL, kling_platform, prepare
from hoi_platform_tests.platform.stand_ins import paid_environment
from hoi_platform_tests.services.models.endpoints import answered, refused
from hoi_platform_tests.services.video.paid_world import make_frames

KEY = "Zk9+/marked.Secret:QvW7_4tXb2LmN8=="
SIGNATURE = "Qx81LmTz90AbCdEf77GhSigned"
SIGNED = f"https://cdn.example/v.mp4?Policy=eyJTdGF0&Signature={SIGNATURE}&Key-Pair-Id=APKAJ1"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJtYXJrZWQifQ.Rw4markedSignature7Zq"
PROMPT = "A child lifts the drill. The camera remains static."

Way = Callable[[httpx.Request], httpx.Response]


def _says(text: str, status: int = 400) -> Way:
    return lambda _request: refused(status, "bad", text)


def _content(text: str) -> Way:
    return lambda _request: answered(text)


def _raises(error: Exception, cause: Exception | None = None) -> Way:
    def way(_request: httpx.Request) -> httpx.Response:
        if cause is None:
            raise error
        raise error from cause

    return way


def _quotes_the_request(request: httpx.Request) -> httpx.Response:
    return httpx.Response(500, text=f"cannot handle {request.headers!r} {dict(request.headers)}")


def _openai_error(_request: httpx.Request) -> httpx.Response:
    request = httpx2.Request("POST", SIGNED, headers={"Authorization": f"Bearer {KEY}"})
    body = {"message": f"Incorrect API key provided: {KEY}"}
    response = httpx2.Response(401, request=request, json=body)
    raise openai.AuthenticationError(f"Error code: 401 - {body}", response=response, body=body)


def _status_error(_request: httpx.Request) -> httpx.Response:
    request = httpx.Request("GET", SIGNED)
    return httpx.Response(403, request=request).raise_for_status()


def _logs(_request: httpx.Request) -> httpx.Response:
    logging.getLogger("a.library").warning("POST %s with %s", SIGNED, {"Authorization": KEY})
    return answered(json.dumps({"prompt": PROMPT}))


def _logs_exception(_request: httpx.Request) -> httpx.Response:
    try:
        raise ValueError(SIGNED)
    except ValueError:
        logging.getLogger("a.library").exception("lost %s", KEY)
    return answered(json.dumps({"prompt": PROMPT}))


def _group(_request: httpx.Request) -> httpx.Response:
    raise ExceptionGroup(f"sending {KEY}", [ValueError(SIGNED), OSError(5, KEY, f"/tmp/{JWT}")])


def _noted(_request: httpx.Request) -> httpx.Response:
    error = ValueError("no")
    error.add_note(f"headers were {{'Authorization': 'Bearer {KEY}'}}")
    raise error


def _chain(_request: httpx.Request) -> httpx.Response:
    try:
        try:
            raise KeyError(KEY)
        except KeyError:
            raise ValueError(SIGNED)  # noqa: B904 - the context is what is tested
    except ValueError as error:
        raise RuntimeError("the answer is wrong") from error


WAYS: dict[str, Way] = {
    "message": _says(f"Incorrect API key provided: {KEY}", 401),
    "message that is cut in the key": _says(f"{'x' * 270} {KEY} was wrong", 401),
    "message that is cut in an address": _says(f"{'x' * 240} {SIGNED} has expired"),
    "repr": _says(repr({"Authorization": f"Bearer {KEY}"})),
    "JSON in a message": _says(json.dumps(json.dumps({"headers": {"authorization": KEY}}))),
    "URL-encoded": _says(f"GET /v?key={quote(KEY, safe='')}"),
    "URL-encoded twice": _says(quote(quote(f"{SIGNED} {KEY}", safe=""), safe="")),
    "base64": _says(f"Basic {base64.b64encode(f'user:{KEY}'.encode()).decode()}"),
    "hex": _says(KEY.encode().hex()),
    "HTML": lambda _r: httpx.Response(502, html=f"<p>{html.escape(SIGNED)} {html.escape(KEY)}</p>"),
    "wrapped lines": _says("\n".join(textwrap.wrap(f"{KEY} {SIGNATURE} {JWT}", 9))),
    "half of it": _says(f"Incorrect API key provided: {KEY[:20]}…"),
    "the whole request": _quotes_the_request,
    "token": _says(f"token {JWT} is not yet valid", 401),
    "address in a sentence": _says(f"See {SIGNED}, or <{SIGNED}>, or ({SIGNED})."),
    "address with escaped slashes": _says(json.dumps(SIGNED).replace("/", "\\/")),
    "address in Go's JSON": _says(SIGNED.replace("&", "\\u0026")),
    "user information": _says(f"https://hoi:{KEY}@proxy.example/ is unreachable", 503),
    "success: prompt": _content(json.dumps({"prompt": f"A drill {KEY}. {PROMPT}"})),
    "success: address": _content(json.dumps({"prompt": f"A drill, see {SIGNED}. {PROMPT}"})),
    "success: no form": _content(f"Bearer {KEY} {SIGNED} {JWT}"),
    "success: refusal": lambda _r: answered(None, f"policy {KEY} {SIGNED}"),
    "success: id": lambda _r: answered(json.dumps({"prompt": PROMPT}), id=f"{'i' * 115}{KEY}"),
    "success: finish reason": lambda _r: answered(
        None, choices=[{"message": {}, "finish_reason": f"{KEY} {SIGNED}"}]
    ),
    "success: wrong type": lambda _r: answered(None, choices=[{"message": {"content": [KEY]}}]),
    "success: field name": lambda _r: answered(None, choices=[{KEY: SIGNED}]),
    "redirect": lambda _r: httpx.Response(307, headers={"location": f"{SIGNED}&key={KEY}"}),
    "header": lambda _r: httpx.Response(429, headers={"retry-after": KEY, "x-request": SIGNED}),
    "httpx error": _raises(httpx.ConnectError(f"to {SIGNED} with {KEY}")),
    "httpx status error": _status_error,
    "openai error": _openai_error,
    "error with a cause": _raises(RuntimeError("no"), ValueError(f"{KEY} {SIGNED} {JWT}")),
    "errors in each other's context": _chain,
    "error of ours": _raises(RefusedError(f"{KEY} {SIGNED}"), KeyError(JWT)),
    "error group": _group,
    "note": _noted,
    "log of a library": _logs,
    "logged exception": _logs_exception,
}
QUICK = (
    "message that is cut in the key",
    "JSON in a message",
    "URL-encoded twice",
    "the whole request",
    "success: address",
    "openai error",
    "error group",
    "logged exception",
)
"""One of each family: cut, nested, encoded, echoed, answered, raised, grouped, logged."""
MUST_NOT_APPEAR = (
    KEY,
    SIGNATURE,
    JWT.rpartition(".")[2],
    "QvW7_4tX",
    "marked.Secret",
    "AbCdEf77Gh",
)


class Quoting(VisionResource):
    """A vision model whose endpoint answers in one of the ways, and that waits for nothing."""

    way: str

    def transport(self) -> httpx.BaseTransport:
        return httpx.MockTransport(WAYS[self.way])

    def sleeper(self) -> Callable[[float], None]:
        return lambda _seconds: None


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """One for all ways: what it stores is searched after each of them."""
    home = tmp_path_factory.mktemp("home")
    with dg.instance_for_test(temp_dir=str(home)) as instance:
        add_object_keys(instance, ["cordless-drill"])
        yield instance


def _materialized(
    resource: PlatformResource, way: str, instance: dg.DagsterInstance
) -> dg.ExecuteInProcessResult:
    ledger = LedgerResource(platform=resource)
    defs = build_defs(platform=resource, vision=Quoting(ledger=ledger, way=way))
    return defs.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[dg.AssetKey("video_prompt")],
        partition_key=cell_key("cordless-drill", 1),
        instance=instance,
        raise_on_error=False,
    )


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, marks=[pytest.mark.long] * (way not in QUICK)) for way in WAYS],
)
def test_a_quoted_secret_is_nowhere(
    way: str,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A key would lie in a file, an event or a log because somebody quoted it in another way."""
    caplog.set_level(logging.DEBUG)
    (frame,) = make_frames(tmp_path, 1)
    resource = kling_platform(tmp_path / "results")
    prepare(resource, frame, range(1, 2), ABOVE[:-1])
    said: list[str] = []
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://stand-in.invalid/v1"}
    with paid_environment(environment):
        result = _materialized(resource, way, instance)
        said += [repr(event) for event in result.all_events]
        said += [str(entry) for entry in instance.all_logs(result.run_id)]
        rows = LedgerResource(platform=resource).ledger(
            resource.platform().settings("manipulation").gen_2dhoi.video.budget
        ).rows()  # fmt: skip
        said += [str(vars(row)) for row in rows]
    assert len(rows) == 1, "the question was not asked"
    said += [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    said += capfd.readouterr()
    folders = (tmp_path, Path(instance.root_directory))
    files = {p: p.read_bytes() for folder in folders for p in folder.rglob("*") if p.is_file()}
    assert {path.suffix for path in files} >= {".db", ".json"}
    for secret in MUST_NOT_APPEAR:
        assert [_around(text, secret) for text in said if secret in text] == []
        assert [path for path, data in files.items() if secret.encode() in data] == []


def test_an_ordinary_answer_survives(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """The redaction would remove prompts, figures and ids that are no secrets."""
    (frame,) = make_frames(tmp_path, 1)
    resource = kling_platform(tmp_path / "results")
    prepare(resource, frame, range(1, 2), ABOVE[:-1])
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://stand-in.invalid/v1"}
    with paid_environment(environment):
        assert _materialized(resource, "log of a library", instance).success
        platform = resource.platform()
        record = platform.store.record("video_prompt", platform.clip(DRILL, 1))
        budget = platform.settings("manipulation").gen_2dhoi.video.budget
        (row,) = LedgerResource(platform=resource).ledger(budget).rows()
    assert record is not None
    assert record.facts == {"prompt": PROMPT, "refined": True, "reason": ""}
    assert (row.tokens, row.task_id) == (1100, "chatcmpl-1")
    assert json.loads(row.result or "") == {"prompt": PROMPT}


def _around(text: Any, secret: str) -> str:
    place = str(text).index(secret)
    return str(text)[max(0, place - 300) : place + 100]
