"""The restricted unpickler: arrays come in, code stays out."""

import collections
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.errors import BadInputError
from hoi_platform.core.formats.foreign_pickle import load_foreign_pickle


def _file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "foreign.pkl"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_arrays_and_containers_of_every_protocol(tmp_path: Path, protocol: int) -> None:
    """Files of older Python or numpy versions could not be read."""
    value = {
        "a": np.arange(6.0).reshape(2, 3),
        "f": np.asfortranarray(np.ones((2, 3), np.float32)),
        "s": np.float32(2.5),
        "b": b"\xff\x00",
        "text": np.array(["x", "yz"]),
        "o": collections.OrderedDict(k=(1, 2.5, None, True)),
        "set": {1, 2},
    }
    loaded = load_foreign_pickle(_file(tmp_path, pickle.dumps(value, protocol=protocol)))
    np.testing.assert_array_equal(loaded["a"], value["a"])
    np.testing.assert_array_equal(loaded["f"], value["f"])
    np.testing.assert_array_equal(loaded["text"], value["text"])
    for key in ("s", "b", "o", "set"):
        assert loaded[key] == value[key]


def test_numpy_2_spelling(tmp_path: Path) -> None:
    """Pickles of numpy 2 name numpy._core, which numpy 1.26 spells otherwise."""
    content = pickle.dumps(np.arange(3), protocol=0)
    renamed = content.replace(b"numpy.core.multiarray", b"numpy._core.multiarray")
    assert renamed != content
    np.testing.assert_array_equal(load_foreign_pickle(_file(tmp_path, renamed)), np.arange(3))


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/hoi_pickle_was_here",)


def test_code_is_refused_and_named(tmp_path: Path) -> None:
    """Opening somebody's hoi_data.pkl could run their code."""
    with pytest.raises(BadInputError, match=r"foreign\.pkl: the pickle asks for posix\.system"):
        load_foreign_pickle(_file(tmp_path, pickle.dumps([_Evil()])))
    assert not Path("/tmp/hoi_pickle_was_here").exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "fromfile"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("os.path", "join"),
    ],
)
def test_other_globals_are_refused(tmp_path: Path, module: str, name: str) -> None:
    """A harmless-looking name of an allowed module could be the first step of an attack."""
    content = f"c{module}\n{name}\n.".encode()
    with pytest.raises(BadInputError, match=f"asks for {module}.{name}"):
        load_foreign_pickle(_file(tmp_path, content))


def test_dotted_names_are_refused(tmp_path: Path) -> None:
    """Protocol 4 allows attribute paths, which would reach past the allowed names."""
    content = b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93."
    with pytest.raises(BadInputError, match=r"ndarray\.__class__"):
        load_foreign_pickle(_file(tmp_path, content))


@pytest.mark.parametrize("content", [b"", b"not a pickle", pickle.dumps(np.ones(9))[:-20], b"\x80"])
def test_damaged_files_are_told(tmp_path: Path, content: bytes) -> None:
    """A truncated download would end in a stack trace of pickle."""
    with pytest.raises(BadInputError, match="not a readable pickle"):
        load_foreign_pickle(_file(tmp_path, content))


def test_too_large_and_absent_files_are_told(tmp_path: Path) -> None:
    """A huge or missing file would exhaust the memory or end in a bare OSError."""
    path = _file(tmp_path, pickle.dumps(np.zeros(1000)))
    with pytest.raises(BadInputError, match="at most 100 are read"):
        load_foreign_pickle(path, max_bytes=100)
    with pytest.raises(BadInputError, match="cannot be read"):
        load_foreign_pickle(tmp_path / "absent.pkl")
