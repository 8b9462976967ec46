"""Named arrays checked against a schema: shape with symbolic sizes, kind of numbers, finiteness."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal
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


def save_arrays(file: Path | BinaryIO, *, pickled: Collection[str] = (), **arrays: Any) -> None:
    """Write a compressed npz; the same arrays give the same bytes, at any time.

    Without pickles but for arrays of objects, which ``pickled`` names.
    """
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = ZipInfo(f"{name}.npy")  # of a fixed date, where numpy writes the clock's
            entry.compress_type = ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(
                    member, np.asanyarray(array), allow_pickle=name in pickled
                )


def load_arrays(path: Path, what: str, names: Collection[str] | None = None) -> dict[str, NDArray]:
    """The arrays of an npz, or those of ``names`` that it has; pickles are not opened.

    Raises BadInputError, which says that the file is not a ``what``.
    """
    try:
        # np.load leaves a file open that it was given by name and could not read.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            wanted = arrays.files if names is None else [n for n in arrays.files if n in names]
            return {name: arrays[name] for name in wanted}
    except (OSError, ValueError, TypeError, EOFError, BadZipFile, zlib.error) as error:
        raise BadInputError(f"{path} is no {what}: {error}") from error


def read_arrays(
    path: Path, what: str, version: int, schema: Sequence[ArraySpec], maker: str
) -> dict[str, NDArray]:
    """The arrays of a file format with a ``schema_version``, in their canonical types.

    Raises BadInputError for another version, with the asset (``maker``) to make again, and for
    arrays that are absent or wrong.
    """
    names = [spec.name for spec in schema]
    arrays = load_arrays(path, what, {"schema_version", *names})
    if "schema_version" not in arrays:
        absent = [name for name in names if name not in arrays]
        raise BadInputError(
            f"{path} is no {what}: it lacks {', '.join(['schema_version', *absent])}"
        )
    if arrays["schema_version"] != version:
        raise BadInputError(
            f"{path} has schema version {arrays['schema_version']}; this release reads {version}. "
            f"Materialize {maker} again"
        )
    return check_arrays(str(path), arrays, schema)


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
    """What is wrong with one array, or nothing; records the symbols that it fixes."""
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
