"""The method notes say what the code says: constants, pictures, index."""

import ast
import importlib
import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import yaml

_ROOT = Path(__file__).parents[1]
_FOLDER = _ROOT / "docs" / "methods"
_NOTES = sorted(path for path in _FOLDER.glob("*.md") if path.name != "README.md")
_SCOPE = re.compile(r"Names are below `([^`]+)`")
_ROW = re.compile(r"\| `([^`]+)` \| `([^`]+)` \| ([^|]*) \| ([^|]+) \| ([^|]+) \|")
_SOURCES = ("measured", "reference", "chosen")
_LARGEST_PICTURE = 150_000
_FEWEST_ROWS = 8


class Row(NamedTuple):
    """One constant as a note states it."""

    path: str
    stated: str
    unit: str
    meaning: str
    source: str


def rows_of(text: str) -> list[Row]:
    """The rows under "Constants"; a name is below the scope that was stated last before it."""
    scope, rows = "", []
    for line in _constants(text).splitlines():
        if found := _SCOPE.search(line):
            scope = found[1]
        if found := _ROW.fullmatch(line):
            name, *rest = found.groups()
            rows.append(Row(f"{scope}.{name}", *(cell.strip() for cell in rest)))
    return rows


def _constants(text: str) -> str:
    return text.partition("## Constants")[2]


def value_at(path: str) -> Any:
    """The value at ``package.module.NAME.field.key``, or at ``file.yaml:key.key``."""
    file, colon, keys = path.partition(": ")
    if colon:
        return _descended(yaml.safe_load((_ROOT / file).read_text()), keys.split("."))
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        name = ".".join(parts[:count])
        if importlib.util.find_spec(parts[0]) and _is_module(name):
            return _descended(importlib.import_module(name), parts[count:])
    raise LookupError(f"no module at the beginning of {path}")


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _descended(value: Any, keys: list[str]) -> Any:
    for key in keys:
        if isinstance(value, Mapping):
            value = value[key]
        elif isinstance(value, tuple | list):
            value = value[int(key)]
        elif key in getattr(value, "model_fields", {}):
            value = value.model_fields[key].default
        else:
            value = getattr(value, key)
    return value


def agrees(found: Any, stated: str) -> bool:
    """Whether a constant is what a note states."""
    if isinstance(found, timedelta):
        found = found.total_seconds()
    if isinstance(found, Decimal):
        found = float(found)
    expected = ast.literal_eval(stated)
    if expected is None or isinstance(expected, str | bool):
        return bool(found == expected)
    a, b = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-6, atol=0))


def mistakes(text: str) -> list[str]:
    """What is wrong with the constants of a note."""
    found = []
    for row in rows_of(text):
        try:
            value = value_at(row.path)
        except (LookupError, AttributeError, ValueError) as error:
            found.append(f"{row.path} is not in the code ({error})")
            continue
        if not agrees(value, row.stated):
            found.append(f"{row.path} is {value}, the note says {row.stated}")
        if not row.source.startswith(_SOURCES):
            found.append(f"{row.path}: the source {row.source!r} begins with none of {_SOURCES}")
    return found


@pytest.mark.parametrize("note", _NOTES, ids=lambda path: path.stem)
def test_constants_are_those_of_the_code(note: Path) -> None:
    """A note would state a constant that the code no longer has, or has with another value."""
    text = note.read_text()
    assert not mistakes(text)
    assert len(rows_of(text)) >= _FEWEST_ROWS
    written = _constants(text).count("\n| `")
    assert written == len(rows_of(text)), "a row of constants has another form"


def test_a_changed_constant_is_found() -> None:
    """The law above would hold for any table."""
    text = (_FOLDER / "settling.md").read_text()
    row = next(row for row in rows_of(text) if row.path.endswith("MAX_SPEED"))
    wrong = text.replace(f"| `{row.stated}` |", "| `0.0501` |", 1)
    assert any("MAX_SPEED" in mistake for mistake in mistakes(wrong))
    gone = text.replace("MAX_SPEED", "MAX_SPEED_OF_ALL")
    assert any("is not in the code" in mistake for mistake in mistakes(gone))


@pytest.mark.parametrize("note", _NOTES, ids=lambda path: path.stem)
def test_pictures_and_links_are_there(note: Path) -> None:
    """A note would show a broken picture, or one that weighs down the repository."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", note.read_text())
    missing = [target for target in targets if not (note.parent / target).exists()]
    assert not missing
    pictures = [note.parent / target for target in targets if target.startswith("images/")]
    assert pictures or "```mermaid" in note.read_text()
    for picture in pictures:
        assert picture.stat().st_size < _LARGEST_PICTURE, picture


def test_every_picture_can_be_drawn_again() -> None:
    """A picture would show a method as it no longer is, with no way to renew it."""
    from hoi_platform_tests.benchmarks.method_pictures.__main__ import PICTURES

    committed = {path.stem for path in (_FOLDER / "images").iterdir()}
    assert committed == set(PICTURES)


def test_the_index_names_every_note() -> None:
    """A note would be found by nobody."""
    index = (_FOLDER / "README.md").read_text()
    assert not [note.name for note in _NOTES if f"]({note.name})" not in index]
