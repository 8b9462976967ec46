"""Numbers say what they mean: constants name their source, settings their unit."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[1]
IDENTITIES: Final = ("core/scene/library",)
"""Packages whose sources are what their objects are: a docstring there would redo every clip. They
say in their ``__init__`` where their numbers come from."""

_NAMED_SOURCES: Final = (
    *("GRAIL", "the reference"),
    *("Anny", "SMPL-X", "COCO", "MediaPipe"),
    *("Blender", "Bullet", "MuJoCo", "Cycles", "VTK", "PyTorch", "OpenCV"),
    *("Kling", "fal", "OpenAI", "Dagster", "SQLite", "PostgreSQL"),
    *("Linux", "POSIX", "FFmpeg", "zlib", "PNG", "JPEG", "sRGB", "HTTP", "RFC", "ISO", "IEC", "BT"),
)
"""Standards, products and data sheets that a constant may come from."""
_SOURCE: Final = re.compile(
    r"\b(?:[Cc]hosen|[Mm]easured|[Bb]y definition"
    rf"|{'|'.join(map(re.escape, _NAMED_SOURCES))}"
    r"|[A-Z]\w+(?: and [A-Z]\w+| et al\.?)?,? \(?(?:19|20)\d\d)\b"
)
_UNIT: Final = re.compile(
    # Lengths, angles, time, light, data, money.
    r"\b(?:m|mm|cm|meters?|px|pixels?|rad|radians?|deg|degrees?|statures?"
    r"|s|ms|min|seconds?|minutes?|hours?|days?|Hz|fps|frames?|kg|W|watts?"
    r"|bytes?|MB|characters?|USD|tokens?|iterations?|samples?|attempts?|polls?|standard deviations?"
    # Numbers without a unit that say what they count or divide.
    r"|number|count|share|fraction|factor|ratio|multiples?|weight|probability|seed|index|order|units?"
    r"|IoU|RGB|direction|unit vector|no unit|1 to \d|0 to 1)\b|°|%|\b0 \S+ … 1\b",
    re.IGNORECASE,
)
_UNIT_NAME: Final = re.compile(r"_(?:m|mm|px|rad|deg|s|hz|fps|usd|mb|w|statures|frames|seed)$")
"""Endings of names that say the unit."""


@dataclass(frozen=True)
class Number:
    """A constant or a field of a configuration model, with the docstring below it."""

    file: Path
    line: int
    name: str
    doc: str

    def lacks(self, missing: str) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.name} {missing}"


def modules() -> Iterator[tuple[Path, ast.Module]]:
    package = ROOT / "hoi_platform"
    for file in sorted(package.rglob("*.py")):
        if not any(file.is_relative_to(package / part) for part in IDENTITIES):
            yield file, ast.parse(file.read_text())


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[ast.Assign | ast.AnnAssign, str]]:
    """Each assignment with the docstring below it; empty for none."""
    for node, below in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            yield node, " ".join(str(below.value.value).split()) if is_text else ""


def _is_numeric(node: ast.expr | None) -> bool:
    """A number, or a container or call of nothing but numbers."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ast.UnaryOp(operand=operand):
            return _is_numeric(operand)
        case ast.BinOp(left=left, right=right):
            return _is_numeric(left) and _is_numeric(right)
        case (
            ast.Tuple(elts=parts)
            | ast.List(elts=parts)
            | ast.Set(elts=parts)
            | ast.Dict(values=parts)
            | ast.Call(args=parts)
        ):
            return bool(parts) and all(map(_is_numeric, parts))
    return False


def _needs_no_source(name: str, value: ast.expr) -> bool:
    """Versions and indices are names; a numbering (0, 1, …), a slice and an identity explain all.

    A constant that is computed from others has their source and is no number for _is_numeric.
    """
    if re.search(r"(VERSION|INDEX)$", name):
        return True
    if isinstance(value, ast.Call):
        return ast.unparse(value.func) in ("slice", "range", "np.eye")
    try:
        numbers = list(ast.literal_eval(value))
    except (TypeError, ValueError):
        return False
    return "," in name and numbers in (list(range(len(numbers))), [*range(1, len(numbers) + 1)])


def _constants(file: Path, module: ast.Module) -> Iterator[Number]:
    for node, doc in _assignments(module.body):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name = ast.unparse(target).strip("()")
        if _is_numeric(node.value) and node.value and not _needs_no_source(name, node.value):
            yield Number(file, node.lineno, name, doc)


def without_source(file: Path, module: ast.Module) -> list[str]:
    return [
        number.lacks(
            f"names no source: {number.doc!r}" if number.doc else "has no docstring below it"
        )
        for number in _constants(file, module)
        if not _SOURCE.search(number.doc)
    ]


def _is_number_type(annotation: ast.expr, numeric: set[str]) -> bool:
    """Whether a type holds numbers; of ``Annotated`` the type alone counts."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
        assert isinstance(annotation.slice, ast.Tuple)
        return _is_number_type(annotation.slice.elts[0], numeric)
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    return not names.isdisjoint(numeric)


def _numeric_types(modules: list[ast.Module]) -> set[str]:
    """int, float and the names of types that are made of them (``Vec3``)."""
    found = {"int", "float"}
    for module in modules:
        for node, _ in _assignments(module.body):
            value, target = node.value, node.targets[0] if isinstance(node, ast.Assign) else None
            is_alias = isinstance(target, ast.Name) and isinstance(value, ast.Subscript)
            if is_alias and _is_number_type(value, {"int", "float"}):
                found.add(target.id)
    return found


def config_models(modules: list[ast.Module]) -> set[str]:
    """``Config``, which reads every file and flag, and what derives from it."""
    classes = [node for module in modules for node in module.body if isinstance(node, ast.ClassDef)]
    found = {"Config"}
    while more := {
        node.name
        for node in classes
        if node.name not in found and any(ast.unparse(base) in found for base in node.bases)
    }:
        found |= more
    return found


def undocumented(file: Path, module: ast.Module, models: set[str], numeric: set[str]) -> list[str]:
    found = []
    for model in module.body:
        if not isinstance(model, ast.ClassDef) or model.name not in models:
            continue
        for node, doc in _assignments(model.body):
            if isinstance(node, ast.Assign) or not isinstance(node.target, ast.Name):
                continue
            name = node.target.id
            field = Number(file, node.lineno, f"{model.name}.{name}", doc)
            if not doc:
                found.append(field.lacks("has no docstring below it"))
            elif _is_number_type(node.annotation, numeric) and not (
                _UNIT.search(doc) or _UNIT_NAME.search(name)
            ):
                found.append(field.lacks("names no unit (m, px, s …; number, share, factor …)"))
    return found


def test_constants_say_where_they_come_from() -> None:
    """Nobody would dare to change a number, or know which ones were measured."""
    found = [line for file, module in modules() for line in without_source(file, module)]
    rule = (
        "The docstring below a number says what it means, its unit, and that it was chosen or "
        "measured, or which reference, standard, data sheet or paper it is from"
    )
    assert not found, f"{rule}; {len(found)} do not:\n" + "\n".join(found)


def test_settings_say_what_they_mean() -> None:
    """A user would guess what a setting does, and whether it is in meters or pixels."""
    every = list(modules())
    trees = [module for _, module in every]
    models, numeric = config_models(trees), _numeric_types(trees)
    found = [line for part in every for line in undocumented(*part, models, numeric)]
    rule = "The docstring below a setting says what it means, that of a number its unit"
    assert not found, f"{rule}; {len(found)} do not:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A = 1.0", [1]),
        ("A = 1.0\n'''Meters.'''", [1]),
        ("A = -1.0\n'''Meters; chosen.'''", []),
        ("A: Final = np.array([1, 2])\n'''Winter 2009, table 4.1.'''", []),
        ("A: Final = {'a': (1, 2)}\n\nB = 1\n'''Bytes (PNG).'''", [1]),
        ("A_VERSION = 3\nB, C = 0, 1\nHAND = slice(2, 4)\nD = 2 * A\nE = 'x'\nF = True", []),
        ("WIDTH, HEIGHT = 640, 360", [1]),
    ],
)
def test_the_rule_for_constants(text: str, lines: list[int]) -> None:
    """The check would pass because it looks at nothing."""
    found = without_source(ROOT / "x.py", ast.parse(text))
    assert [int(line.split(":")[1]) for line in found] == lines


@pytest.mark.parametrize(
    ("field", "missing"),
    [
        ("a: float = 1.0", "has no docstring"),
        ("a: float | None = 1.0\n    '''Of the table.'''", "names no unit"),
        ("a: Vec3 = (0, 0, 0)\n    '''Of the table.'''", "names no unit"),
        ("a: float = 1.0\n    '''Height of the table (m).'''", ""),
        ("a_px: int = 1\n    '''Height of the table.'''", ""),
        ("a: str = ''\n    '''Name.'''", ""),
    ],
)
def test_the_rule_for_settings(field: str, missing: str) -> None:
    """The check would pass because it looks at nothing."""
    module = ast.parse(
        "Vec3 = tuple[float, float, float]\nclass A(Config):\n    '''A.'''\n"
        f"class B(A):\n    '''B.'''\n    {field}"
    )
    found = undocumented(ROOT / "x.py", module, config_models([module]), _numeric_types([module]))
    assert [missing in line for line in found] == [True] * bool(missing)
