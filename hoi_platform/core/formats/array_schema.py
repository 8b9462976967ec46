"""Named arrays held against a schema: shape with symbolic sizes, kind of numbers, finiteness."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from hoi_platform.core.errors import BadInputError

Kind = Literal["float", "int", "bool", "text"]

_DTYPE_KINDS: Final[dict[Kind, str]] = {"float": "fiu", "int": "iu", "bool": "b", "text": "U"}
_TARGETS: Final[dict[Kind, type]] = {"float": np.float64, "int": np.int64, "bool": np.bool_}


@dataclass(frozen=True)
class ArraySpec:
    """One array of a file format.

    A size in ``shape`` is a number or a symbol ("T"); a symbol has to be the same everywhere.
    """

    name: str
    shape: tuple[int | str, ...]
    kind: Kind = "float"
    finite: bool = False


def save_arrays(path: Path, **arrays: Any) -> None:
    """Write a compressed npz without pickle; the same arrays give the same bytes, at any time."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = ZipInfo(f"{name}.npy")  # of a fixed date, where numpy writes the clock's
            entry.compress_type = ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)


def load_arrays(path: Path, what: str) -> dict[str, NDArray]:
    """Every array of an npz, no pickles; BadInputError says that the file is not ``what``."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, TypeError, EOFError, BadZipFile, zlib.error) as error:
        raise BadInputError(f"{path} is no {what}: {error}") from error


def check_arrays(
    source: str, arrays: Mapping[str, Any], schema: Sequence[ArraySpec]
) -> dict[str, NDArray]:
    """The schema's arrays in their canonical types (float64, int64, bool, text).

    Raises one BadInputError that lists every array of ``source`` that is absent or wrong.
    """
    sizes: dict[str, tuple[int, str]] = {}
    checked: dict[str, NDArray] = {}
    mistakes: list[str] = []
    for spec in schema:
        if spec.name not in arrays:
            mistakes.append(f"{spec.name} is absent")
            continue
        array = np.asarray(arrays[spec.name])
        if mistake := _mistake(spec, array, sizes):
            mistakes.append(f"{spec.name} {mistake}")
        else:
            checked[spec.name] = array.astype(_TARGETS.get(spec.kind, array.dtype))
    if mistakes:
        raise BadInputError(f"{source}: " + "; ".join(mistakes))
    return checked


def _mistake(spec: ArraySpec, array: NDArray, sizes: dict[str, tuple[int, str]]) -> str:
    """What is wrong with one array, or nothing; notes the symbols that it fixes."""
    if array.dtype.kind not in _DTYPE_KINDS[spec.kind]:
        return f"has type {array.dtype}, not {spec.kind}"
    if array.ndim != len(spec.shape):
        return f"has shape {array.shape}, not {_text(spec.shape)}"
    for found, wanted in zip(array.shape, spec.shape, strict=True):
        if isinstance(wanted, int) and found != wanted:
            return f"has shape {array.shape}, not {_text(spec.shape)}"
        if isinstance(wanted, str):
            size, owner = sizes.setdefault(wanted, (found, spec.name))
            if found != size:
                return f"has {wanted} = {found} where {owner} has {wanted} = {size}"
    if spec.finite and not np.isfinite(array).all():
        return f"has {int((~np.isfinite(array)).sum())} values that are not finite"
    return ""


def _text(shape: tuple[int | str, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
