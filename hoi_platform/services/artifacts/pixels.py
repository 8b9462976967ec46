"""The identity of a picture: what is seen, whatever its file says of dates, tools and paths."""

import hashlib
from pathlib import Path

from hoi_platform.core.errors import BadInputError


def pixels_digest(path: Path) -> str:
    """SHA-256 of the decoded pixels with their size and mode. Raises BadInputError."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            pixels = image.convert("RGBA") if image.mode == "P" else image
            digest = hashlib.sha256(f"{pixels.mode} {pixels.width}x{pixels.height} ".encode())
            digest.update(pixels.tobytes())
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInputError(f"{path} cannot be read as a picture: {error}") from error
    return digest.hexdigest()
