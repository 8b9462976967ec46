"""A private PostgreSQL cluster for a test."""

import contextlib
from collections.abc import Iterator

import pytest

from hoi_platform.core.errors import MissingResourceError
from hoi_platform.services.chaos.postgres import running_cluster


@contextlib.contextmanager
def running_postgres() -> Iterator[str]:
    """The server's URL; skips the test where PostgreSQL is not installed."""
    with contextlib.ExitStack() as stack:
        try:
            cluster = stack.enter_context(running_cluster())
        except MissingResourceError as missing:
            pytest.skip(str(missing))
        yield cluster.url
