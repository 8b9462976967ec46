"""Columns as Arrow types and arrays, and as the features that dataset hubs read from a card."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from hoi_platform.core.formats.release_columns import Column

_NUMPY: Final = {
    "bool": np.bool_,
    "int32": np.int32,
    "int64": np.int64,
    "float32": np.float32,
    "float64": np.float64,
}


def arrow_schema(columns: Sequence[Column]) -> Any:
    """The Arrow schema of a table."""
    import pyarrow as pa

    return pa.schema([(column.name, _type(column)) for column in columns])


def _type(column: Column) -> Any:
    import pyarrow as pa

    if column.kind == "image":
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    found = pa.type_for_alias(column.kind)
    for size in reversed(column.stored_shape):
        found = pa.list_(found) if size is None else pa.list_(found, size)
    return found


def feature(column: Column) -> dict[str, Any]:
    """The same for a card's ``dataset_info``."""
    found: dict[str, Any] = {"dtype": column.kind}
    for size in reversed(column.stored_shape):
        inner: Any = found["dtype"] if list(found) == ["dtype"] else found
        found = {"sequence": inner} | ({} if size is None else {"length": size})
    return {"name": column.name} | found


def stacked(column: Column, values: Any) -> Any:
    """One cell per first index of ``values`` (T, …) as an Arrow array; fast, unlike lists."""
    import pyarrow as pa

    array = np.ascontiguousarray(values, dtype=_NUMPY[column.kind])
    found = pa.array(array.reshape(-1))
    for size in reversed(array.shape[1:]):
        found = pa.FixedSizeListArray.from_arrays(found, size)
    return found.cast(_type(column)) if column.may_lack else found


def ragged(column: Column, rows: Sequence[np.ndarray]) -> Any:
    """One cell (n, …) per row, of any length n."""
    import pyarrow as pa

    offsets = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int32)
    inner = Column(column.name, column.kind, "", column.shape[1:])
    return pa.ListArray.from_arrays(pa.array(offsets), stacked(inner, np.concatenate(rows)))


def absent(column: Column, rows: int) -> Any:
    """``rows`` nulls."""
    import pyarrow as pa

    return pa.nulls(rows, _type(column))
