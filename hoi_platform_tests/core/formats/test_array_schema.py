"""npz files: the same bytes at any time, and clear errors for what is none."""

import time
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.array_schema import (
    ArraySpec,
    load_arrays,
    read_arrays,
    save_arrays,
)

_SCHEMA = (ArraySpec("points", ("N", 3), finite=True), ArraySpec("label", (), "text"))
_ARRAYS = {"points": np.arange(6.0).reshape(2, 3), "label": np.array("mug")}


def _read(path: Path) -> dict[str, np.ndarray]:
    return read_arrays(path, "cloud", 2, _SCHEMA, "object_asset")


def test_the_clock_is_not_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """numpy writes the time into an npz: made again tomorrow, it would have another hash."""
    save_arrays(tmp_path / "today.npz", **_ARRAYS)
    tomorrow = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    save_arrays(tmp_path / "tomorrow.npz", **_ARRAYS)
    assert (tmp_path / "today.npz").read_bytes() == (tmp_path / "tomorrow.npz").read_bytes()


def test_arrays_come_back_as_numpy_reads_them(tmp_path: Path) -> None:
    """Other programs could not open our files, or would see other numbers."""
    path = tmp_path / "cloud.npz"
    save_arrays(path, schema_version=2, **_ARRAYS)
    with np.load(path, allow_pickle=False) as theirs:
        np.testing.assert_array_equal(theirs["points"], _ARRAYS["points"])
    np.testing.assert_array_equal(_read(path)["points"], _ARRAYS["points"])
    assert load_arrays(path, "cloud", {"label", "color"}).keys() == {"label"}


def test_objects_are_pickled_only_where_they_are_named(tmp_path: Path) -> None:
    """A pickle would be written by accident, which no reader of ours opens."""
    odd = np.array([{}], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        save_arrays(tmp_path / "odd.npz", odd=odd)
    save_arrays(tmp_path / "odd.npz", pickled=("odd",), odd=odd)
    with pytest.raises(BadInputError, match=r"odd\.npz is no cloud: .*allow_pickle=False"):
        load_arrays(tmp_path / "odd.npz", "cloud")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"label": _ARRAYS["label"]}, "is no cloud: it lacks schema_version, points"),
        (
            {"schema_version": 1, **_ARRAYS},
            "schema version 1; this release reads 2. Materialize object_asset again",
        ),
        ({"schema_version": 2, "label": _ARRAYS["label"]}, "points is absent"),
        (
            {"schema_version": 2, **_ARRAYS, "points": np.full((2, 3), np.nan)},
            "points has 6 values that are not finite",
        ),
    ],
)
def test_another_file_is_refused_with_its_fault(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    """A file of another kind or version would be read as if it were this one."""
    save_arrays(tmp_path / "cloud.npz", **arrays)
    with pytest.raises(BadInputError, match=message):
        _read(tmp_path / "cloud.npz")


@pytest.mark.parametrize("length", [0, 3, 60, 200])
def test_a_cut_file_is_told_by_its_name(tmp_path: Path, length: int) -> None:
    """A truncated file would end in a stack trace of zipfile or zlib."""
    path = tmp_path / "cloud.npz"
    save_arrays(path, schema_version=2, **_ARRAYS)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BadInputError, match=r"cloud\.npz is no cloud"):
        _read(path)
