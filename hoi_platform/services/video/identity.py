"""The identity of a video request: everything that is sent, by content, and nothing else.

No clip, path, clock or file format: the same pixels with the same words are one purchase, whatever
asks for them and wherever they were rendered.
"""

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hoi_platform.services.artifacts.record import fingerprint_of
from hoi_platform.services.backends.registry import find_backend
from hoi_platform.services.backends.weights import model_identity
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.imported import imported_digest


def request_identity(request: VideoRequest, take: int = 0, segment: int = 0) -> str:
    """The fingerprint under which the request stands in the ledger.

    ``take`` and ``segment`` distinguish purchases of one clip that are sent alike on purpose.
    """
    return fingerprint_of(sent(request) | {"take": take, "segment": segment})


def sent(request: VideoRequest) -> dict[str, Any]:
    """What a request sends; of pictures the hash of their pixels."""
    config = request.config
    fields = {"provider": config.model_api, "frame": pixels_digest(request.frame)}
    backend = find_backend("video", config.model_api, "video.model_api")
    fields |= config.model_dump(include=set(backend.sends)) | model_identity(model=config.model)
    if config.model_api == "simulated":
        assert request.scene is not None
        return fields | {"performance": request.scene.seed}
    if config.model_api == "imported":
        return fields | {"file": imported_digest(config, request.clip)}
    tail = None if request.tail_frame is None else pixels_digest(request.tail_frame)
    words = {"prompt": request.prompt, "negative_prompt": request.negative_prompt}
    return fields | words | {"tail": tail}


def ordered(request: VideoRequest) -> dict[str, Any]:
    """What the ledger keeps of a request: what its video is checked against, and its order."""
    width, height = image_size(request.frame)
    return sent(request) | {"width": width, "height": height, "order": asdict(request.order)}


def pixels_digest(path: Path) -> str:
    """SHA-256 of an image's size and decoded RGB bytes, whatever else its file holds."""
    from PIL import Image

    with Image.open(path) as image:
        pixels = image.convert("RGB")
    digest = hashlib.sha256(f"rgb {pixels.width} {pixels.height} ".encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels."""
    from PIL import Image

    with Image.open(path) as image:
        return image.size
