"""Environments that point the platform at stand-ins, or at no paid service at all."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from hoi_platform.services.fake_apis.fal import FakeFal
from hoi_platform.services.fake_apis.kling import FakeKling, Notify
from hoi_platform.services.fake_apis.kling_auth import KlingKeys
from hoi_platform.services.fake_apis.server import application, free_port, serving
from hoi_platform.services.ledger.intent import utc_now
from hoi_platform_tests.services.video.paid_world import MAKE_VIDEO

_PAID = ("KLING_", "FAL_", "OPENAI_", "HOI_LEDGER_URL")


@contextmanager
def paid_environment(values: Mapping[str, str]) -> Iterator[pytest.MonkeyPatch]:
    """These variables of paid services and no others, until it ends."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_PAID)]:
            patch.delenv(name)
        for name, value in values.items():
            patch.setenv(name, value)
        yield patch


@contextmanager
def served_kling(notify: Notify | None = None) -> Iterator[FakeKling]:
    """Kling's stand-in on loopback, which the environment points at; its tasks take an hour."""
    url, keys = f"http://127.0.0.1:{(port := free_port())}", KlingKeys()
    kling = FakeKling(utc_now, MAKE_VIDEO, base_url=url, run_s=3600, notify=notify)
    values = {
        "KLING_BASE_URL": url,
        "KLING_ACCESS_KEY": keys.access_key,
        "KLING_SECRET_KEY": keys.secret_key,
    }
    app = application(kling, FakeFal(utc_now, MAKE_VIDEO))
    with paid_environment(values), serving(app, port):
        yield kling


def orders(kling: FakeKling) -> int:
    """How often a video was ordered."""
    return sum(call.method == "POST" for call in kling.calls)
