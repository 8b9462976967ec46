"""Options of the whole suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """One command renews every golden file."""
    parser.addoption("--renew_goldens", action="store_true", help="rewrite the golden files")
