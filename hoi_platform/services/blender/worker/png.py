"""PNG files without what is not picture: Cycles writes its render times into them."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PICTURE: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_FRAME: Final = 12
"""Bytes of a chunk besides its data: length, type, checksum (PNG)."""


def keep_picture_only(path: Path) -> None:
    """Rewrite a PNG with its picture alone, so that equal pictures are equal files."""
    path.write_bytes(picture_only(path.read_bytes()))


def picture_only(data: bytes) -> bytes:
    """A PNG without texts, times and other remarks. Raises ValueError on another format."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("not a PNG")
    return _SIGNATURE + b"".join(chunk for kind, chunk in _chunks(data) if kind in _PICTURE)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    start = len(_SIGNATURE)
    while start < len(data):
        (length,) = struct.unpack_from(">I", data, start)
        end = start + _FRAME + length
        yield data[start + 4 : start + 8], data[start:end]
        start = end
