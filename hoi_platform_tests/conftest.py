"""Options, signals, what is deselected here, and skips, which CI does not allow."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from hoi_platform_tests.shapes import check_shapes_in, prepare_shapes

prepare_shapes()

SHARED_DATA: Final = Path(__file__).resolve().parents[2] / "shared" / "data"

_PRESENT: Final[dict[str, Callable[[], bool]]] = {
    "cuda": lambda: Path("/dev/nvidia0").exists(),
    "shared_data": SHARED_DATA.is_dir,
}
"""Markers of tests for what a machine has or has not: they are deselected, not skipped."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """One command renews every golden file."""
    parser.addoption("--renew_goldens", action="store_true", help="rewrite the golden files")


def pytest_configure() -> None:
    """Let the suite run in a script's background as it does in a terminal.

    There SIGINT is ignored, and Dagster gives SIGTERM the same handler after each run: what a test
    starts afterwards could not be terminated.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what this machine has nothing for."""
    absent = [name for name, present in _PRESENT.items() if not present()]
    left = [item for item in items if any(item.get_closest_marker(name) for name in absent)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Check shapes in the tests of packages that write them as types."""
    check_shapes_in(item.path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI a skipped test is a failed one: the test set-up installs what tests need."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {report.longrepr}"
    return report
