"""Files that are added to a package for the time of a test."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Add = Callable[[str, str, str], None]
"""Package, module and text of a new file."""


@contextmanager
def adder(folder: Path) -> Iterator[Add]:
    """Writes files that count as those of packages, until the context ends."""
    added: list[tuple[list[str], str, str]] = []

    def write(package: str, module: str, text: str) -> None:
        more = folder / f"more_{package}"
        more.mkdir()
        (more / f"{module}.py").write_text(text)
        path = importlib.import_module(package).__path__
        path.append(str(more))
        added.append((path, str(more), f"{package}.{module}"))

    try:
        yield write
    finally:
        for path, more, name in added:
            path.remove(more)
            package, _, module = name.rpartition(".")
            sys.modules.pop(name, None)
            vars(sys.modules[package]).pop(module, None)
