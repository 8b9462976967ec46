"""Whatever a service answers, the clients give a task or a typed error that can be stored."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hoi_platform.core.errors import HoiError
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.fal import FalKling
from hoi_platform.services.video.json_answer import (
    MOST_LEVELS,
    UnreadableJsonError,
    parse_object,
)
from hoi_platform.services.video.kling.auth import ApiKeySigner
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.remote import RemoteTask, TaskRef, Unreadable, VideoProvider
from hoi_platform_tests.services.video.paid_world import World

KEY = KlingKeys().api_key
REFS = [TaskRef(f"hoi-{number}", f"t{number}", "m") for number in range(5)]

FIELDS = (
    *("code", "message", "data", "task_id", "id", "task_status", "status", "task_info"),
    *("external_task_id", "task_result", "videos", "outputs", "url", "video", "billing", "amount"),
    *("final_unit_deduction", "request_id", "detail", "error_type", "status_url", "response_url"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=())),
    st.sampled_from(["hoi-0", "t0", "succeed", "succeeded", "COMPLETED", "failed", "kling", KEY]),
    st.sampled_from(["https://a.example/v?signature=x", "http://127.0.0.1:1/q", "//", "https://["]),
    st.sampled_from([0, 200, 1102, 1201, 1303, 5000, -1, 10**30, "1102", "0"]),
)
ANSWERS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    ),
    max_leaves=12,
)
BODIES = st.one_of(
    ANSWERS.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(FIELDS), ANSWERS, max_size=8).map(
        lambda value: json.dumps(value).encode()
    ),
    st.binary(max_size=60),
    st.sampled_from([b"", b"[" * 200_000, b'{"a":' * 50_000, b"1" * 6000, b"\xff\xfe{}", b"NaN"]),
)
STATUSES = st.sampled_from([200, 200, 200, 201, 202, 204, 302, 400, 401, 403, 404, 422, 429, 503])


def providers(status: int, body: bytes) -> list[VideoProvider]:
    """All clients, over a network that gives one answer."""

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=httpx.ByteStream(body), headers={"date": "nonsense"})

    network = httpx.MockTransport(answer)
    transport = KlingTransport("http://127.0.0.1:1", ApiKeySigner(KEY), network)
    return [
        LegacyKling(transport, "a"),
        NewKling(transport, "a"),
        FalKling("http://127.0.0.1:1", KEY, "a", network),
    ]


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(status=STATUSES, body=BODIES)
def test_every_answer_is_a_task_or_a_typed_error(
    status: int, body: bytes, world: World, request_: VideoRequest
) -> None:
    """An answer that nobody thought of would end a worker between purchase and record."""
    del world
    for provider in providers(status, body):
        said: list[str] = []
        for call in (partial(provider.create, request_, "hoi-0"), partial(provider.find, REFS[0])):
            try:
                said.append(_checked(call()))
            except HoiError as error:
                said.append(str(error))
        reports = list(provider.query(REFS))
        assert {_id(report) for report in reports} == {ref.external_task_id for ref in REFS}
        assert len(reports) == len(REFS)
        said += [_checked(report) for report in reports]
        for text in said:
            text.encode()  # any terminal and database accepts it
            assert "\0" not in text
            assert KEY not in text


def _id(report: RemoteTask | Unreadable) -> str | None:
    return report.external_task_id


def _checked(report: RemoteTask | Unreadable | None) -> str:
    """What of a report would be stored."""
    if report is None:
        return ""
    if isinstance(report, Unreadable):
        return report.reason
    assert 0 < len(report.task_id) <= 128
    assert report.cost_usd is None or 0 <= report.cost_usd <= 1000
    return report.task_id + report.message + json.dumps(report.answer, allow_nan=False)


@pytest.mark.parametrize("levels", [MOST_LEVELS, 500, 990, 100_000])
def test_nesting_is_bounded(levels: int) -> None:
    """A body that the parser survives would exhaust the next code that walks through it."""
    with pytest.raises(UnreadableJsonError):
        parse_object(b'{"a":' * levels + b"1" + b"}" * levels)


def test_what_no_database_stores_is_replaced() -> None:
    """PostgreSQL refuses NUL, SQLite lone surrogates, JSON columns NaN: the row would be lost."""
    found: dict[str, Any] = parse_object(rb'{"a": "\ud800\u0000b", "n": NaN, "i": [-Infinity]}')
    assert found == {"a": "\ufffd\ufffdb", "n": "nan", "i": ["-inf"]}


def test_an_over_long_id_is_quoted_in_the_error(request_: VideoRequest) -> None:
    """The only trace of a bought task would be cut away."""
    body = json.dumps({"request_id": "x" * 200, "status_url": "u"}).encode()
    with pytest.raises(HoiError, match=r"x{200}"):
        providers(200, body)[2].create(request_, "hoi-0")


def test_a_key_is_removed_before_anything_is_cut(request_: VideoRequest) -> None:
    """A quoted key that straddles the cut would leave its first half in the ledger."""
    body = json.dumps({"code": 1201, "message": "m" * 295 + KEY, "detail": "m" * 295 + KEY})
    for provider in providers(400, body.encode()):
        with pytest.raises(HoiError) as error:
            provider.create(request_, "hoi-0")
        assert KEY[:5] not in str(error.value)


def test_an_answer_about_another_task_is_not_ours(request_: VideoRequest, tmp_path: Path) -> None:
    """A confused service's answer would put one clip's video into another."""
    legacy = {"task_id": "9", "task_status": "succeed", "task_info": {"external_task_id": "other"}}
    kling = providers(200, json.dumps({"code": 0, "data": legacy}).encode())[0]
    with pytest.raises(HoiError, match="answered with 'other'"):
        kling.find(REFS[0])
    modern = [{"id": "9", "status": "succeeded", "external_task_id": "other"}]
    assert providers(200, json.dumps({"code": 0, "data": modern}).encode())[1].find(REFS[0]) is None
