"""Who a video request is: everything that is sent, by content, and nothing else.

No clip, path, clock or file format: the same pixels with the same words are one purchase, whoever
asks for them and wherever they were rendered.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

from hoi_platform.services.artifacts.record import fingerprint_of
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.imported import imported_digest

# Provider → the fields of VideoConfig that its requests carry.
_SENT: Final[dict[str, tuple[str, ...]]] = {
    "kling-ai": ("kling_model_name", "kling_mode", "duration"),
    "fal-ai": ("kling_model_name", "kling_mode", "duration"),
    "simulated": ("simulated_fps", "simulated_frames", "simulated_samples"),
    "imported": (),
}


def request_identity(request: VideoRequest, take: int = 0, segment: int = 0) -> str:
    """The fingerprint under which the request stands in the ledger.

    ``take`` and ``segment`` tell purchases of one clip apart that are sent alike on purpose.
    """
    return fingerprint_of(sent(request) | {"take": take, "segment": segment})


def sent(request: VideoRequest) -> dict[str, Any]:
    """What a request sends; of pictures the hash of their pixels."""
    config = request.config
    fields = {"provider": config.model_api, "frame": pixels_digest(request.frame)}
    fields |= config.model_dump(include=set(_SENT[config.model_api]))
    if config.model_api == "simulated":
        assert request.scene is not None
        return fields | {"performance": request.scene.seed}
    if config.model_api == "imported":
        return fields | {"file": imported_digest(config, request.clip)}
    tail = None if request.tail_frame is None else pixels_digest(request.tail_frame)
    words = {"prompt": request.prompt, "negative_prompt": request.negative_prompt}
    return fields | words | {"tail": tail}


def ordered(request: VideoRequest) -> dict[str, Any]:
    """What the ledger keeps of a request, so that its video can be checked by itself."""
    width, height = image_size(request.frame)
    return sent(request) | {"width": width, "height": height}


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
