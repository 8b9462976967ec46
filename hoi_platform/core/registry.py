"""A table whose rows stand in the files of a package: a new file adds rows, nothing else is edited.

Every module of the package has a tuple of rows under the registry's attribute. A row is known as
long as its file is there.
"""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

from hoi_platform.core.errors import ConfigError


class Named(Protocol):
    """A row of a registry."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Rows by name, in the order of their files' names and of the rows in each."""

    what: str
    """What a row is called in errors: "task", "kind of scene"."""
    package: str
    """Dotted name of the package whose modules hold the rows."""
    attribute: str
    """Name of the tuple of rows in every module."""
    row: type[T]

    def rows(self) -> dict[str, T]:
        """All rows. Raises ConfigError for two of one name and for a module without rows."""
        found: dict[str, T] = {}
        for module in modules_of(self.package):
            for row in self._rows_of(module):
                if row.name in found:
                    raise ConfigError(
                        f"two of a {self.what} are called {row.name!r}; one is in {module.__file__}"
                    )
                found[row.name] = row
        return found

    def find(self, name: str) -> T:
        """Raises ConfigError with the known names."""
        rows = self.rows()
        if name not in rows:
            raise ConfigError(f"unknown {self.what} {name!r}; known: {', '.join(sorted(rows))}")
        return rows[name]

    def _rows_of(self, module: ModuleType) -> tuple[T, ...]:
        rows: Any = getattr(module, self.attribute, None)
        if not isinstance(rows, tuple) or not all(isinstance(row, self.row) for row in rows):
            raise ConfigError(
                f"{module.__file__}: needs {self.attribute}, a tuple of {self.row.__name__}"
            )
        return rows


def modules_of(package: str) -> tuple[ModuleType, ...]:
    """Every module in the folders of a package, imported, sorted by name."""
    return _modules(package, tuple(importlib.import_module(package).__path__))


@cache
def _modules(package: str, folders: tuple[str, ...]) -> tuple[ModuleType, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(folders))
    return tuple(importlib.import_module(f"{package}.{name}") for name in names)
