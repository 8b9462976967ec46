"""Pickles of other programs, opened without running any of their code."""

import pickle
from pathlib import Path
from typing import Any, Final

from hoi_platform.core.errors import BadInputError

MAX_BYTES: Final = 1 << 30
"""Largest pickle that is opened (bytes); chosen far above any clip."""

# What numpy arrays, scalars and plain containers need; everything else is refused.
_ALLOWED: Final = frozenset(
    [
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.numeric", "_frombuffer"),
        *(("builtins", name) for name in ("set", "frozenset", "complex", "slice", "bytearray")),
        ("collections", "OrderedDict"),
    ]
)
# How other versions of numpy (2.x) and pickle (protocols 0 to 2) spell the same modules.
_SPELLINGS: Final = {
    "numpy._core.multiarray": "numpy.core.multiarray",
    "numpy._core.numeric": "numpy.core.numeric",
    "__builtin__": "builtins",
}
_OLD_BYTES: Final = ("_codecs", "encode")


class _PlainUnpickler(pickle.Unpickler):
    """Finds the allowed names only."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == _OLD_BYTES:
            return _latin1
        module = _SPELLINGS.get(module, module)
        if (module, name) not in _ALLOWED:
            raise _refusal(f"{module}.{name}")
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> Any:
        raise _refusal(f"persistent id {pid!r}")


def load_foreign_pickle(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """Plain containers, numbers, strings and numpy arrays from a pickle.

    Raises BadInputError when the file asks for anything else (it is named), is too large or is
    no pickle.
    """
    try:
        if (size := path.stat().st_size) > max_bytes:
            raise BadInputError(f"{path} has {size} bytes; at most {max_bytes} are read")
        with path.open("rb") as file:
            return _PlainUnpickler(file).load()
    except BadInputError as error:
        raise BadInputError(f"{path}: {error}") from error
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error}") from error
    except _BROKEN as error:
        raise BadInputError(f"{path} is not a readable pickle: {error!r}") from error


# A damaged or hostile stream can make the unpickler raise any of these.
_BROKEN: Final[tuple[type[Exception], ...]] = (
    pickle.UnpicklingError,
    EOFError,
    MemoryError,
    RecursionError,
    ArithmeticError,
    LookupError,
    AttributeError,
    ImportError,
    TypeError,
    ValueError,
)


def _refusal(name: str) -> BadInputError:
    return BadInputError(
        f"the pickle asks for {name}; only numpy arrays, numbers, strings and plain containers "
        "are read, because anything else could run code. Convert it where it was made"
    )


def _latin1(text: str, encoding: str) -> bytes:
    """What Python 3 writes for bytes in pickles of protocol 2."""
    if encoding != "latin1":
        raise _refusal(f"_codecs.encode with {encoding!r}")
    return text.encode("latin1")
