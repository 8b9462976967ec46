"""A table whose rows stand in the files of a package: a new file adds rows, nothing else is edited.

Every module of the package has a tuple of rows under the registry's attribute. A row is known as
long as its file is there.
"""

import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

from hoi_platform.core.errors import ConfigError, HoiError


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
        files: dict[str, str | None] = {}
        for module in modules_of(self.package):
            for row in self._rows_of(module):
                if row.name in found:
                    raise ConfigError(
                        f"the {self.what} {row.name!r} is there twice, in {files[row.name]} and in "
                        f"{module.__file__}; rename one"
                    )
                found[row.name] = row
                files[row.name] = module.__file__
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
            row = self.row.__name__
            raise ConfigError(
                f"{module.__file__}: needs {self.attribute}, a tuple of {row}, such as "
                f"{self.attribute} = ({row}(…),); found {_found(rows)}"
            )
        return rows


def _found(rows: Any) -> str:
    """What stands in place of a tuple of rows."""
    if rows is None:
        return "none"
    if not isinstance(rows, tuple | list):
        return f"one {type(rows).__name__}, without a comma behind it"
    kinds = dict.fromkeys(type(row).__name__ for row in rows)
    return f"a {type(rows).__name__} of {', '.join(kinds)}"


def modules_of(package: str) -> tuple[ModuleType, ...]:
    """Every module in the folders of a package, imported, sorted by name.

    Raises ConfigError that names the file of a module that cannot be imported.
    """
    return _modules(package, tuple(importlib.import_module(package).__path__))


@cache
def _modules(package: str, folders: tuple[str, ...]) -> tuple[ModuleType, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(folders))
    return tuple(_loaded(f"{package}.{name}") for name in names)


def _loaded(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        spec = importlib.util.find_spec(name)
        what = str(error) if isinstance(error, HoiError) else f"{type(error).__name__}: {error}"
        file = spec.origin if spec else name
        raise ConfigError(f"{file} cannot be loaded: {what}; fix the file, or remove it") from error
