"""Options and signals of the whole suite."""

import signal

import pytest


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
