"""What Kling accepts, checked before anything is sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from hoi_platform.core.errors import BadInputError
from hoi_platform.services.video.backend import VideoRequest

_MAX_IMAGE_BYTES: Final = 10_000_000
"""Largest picture (Kling's API reference)."""
_MIN_SIDE_PX: Final = 300
"""Shortest side of a picture (Kling's API reference)."""
_MAX_ASPECT: Final = 2.5
"""Longest side of a picture as a multiple of the shortest (Kling's API reference)."""
_MAX_PROMPT: Final = 2500
"""Longest prompt in characters (Kling's API reference)."""
_FORMATS: Final = ("JPEG", "PNG")

V1: Final = ("kling-v1", "kling-v1-5", "kling-v1-6")
V2: Final = (
    "kling-v2-master",
    "kling-v2-1",
    "kling-v2-1-master",
    "kling-v2-5-turbo",
    "kling-v2-6",
)
V3: Final = ("kling-v3",)
NEW: Final = ("kling-3.0-turbo", "kling-3.0", "kling-2.6", "kling-2.5-turbo")
LEGACY: Final = V1 + V2 + V3
_TAIL_IN_PRO: Final = (
    "kling-v1-6",
    "kling-v2-1",
    "kling-v2-5-turbo",
    "kling-v2-6",
    "kling-2.6",
    "kling-2.5-turbo",
)
_TAIL: Final = (*_TAIL_IN_PRO, "kling-v3", "kling-3.0")
_LONG: Final = V3 + NEW[:2]


def check_request(request: VideoRequest, models: tuple[str, ...]) -> None:
    """Raises one BadInputError with every field, its value and its limit."""
    if problems := list(_problems(request, models)):
        raise BadInputError(f"{request.clip}: not sent to Kling: " + "; ".join(problems))


def common_problems(request: VideoRequest) -> Iterator[str]:
    """What no service that runs Kling's models accepts."""
    yield from _duration_problems(request.config.kling_model_name, request.config.duration)
    yield from _prompt_problems(request)
    for name, path in (("image", request.frame), ("image_tail", request.tail_frame)):
        if path is not None:
            yield from _image_problems(name, path)


def _problems(request: VideoRequest, models: tuple[str, ...]) -> Iterator[str]:
    model, mode = request.config.kling_model_name, request.config.kling_mode
    if model not in models:
        yield f"kling_model_name is {model!r}, known are {', '.join(models)}"
    yield from common_problems(request)
    if request.tail_frame is not None:
        if model not in _TAIL:
            yield f"a tail image is given, {model} accepts none"
        elif mode != "pro" and model in _TAIL_IN_PRO:
            yield f"kling_mode is {mode!r}, a tail image needs 'pro' with {model}"


def _prompt_problems(request: VideoRequest) -> Iterator[str]:
    if not request.prompt.strip():
        yield "prompt is empty"
    # The new generation takes both in one text.
    longest = _MAX_PROMPT - 10 - len(request.negative_prompt)
    limit = longest if request.config.kling_model_name in NEW else _MAX_PROMPT
    for name, most in (("prompt", limit), ("negative_prompt", _MAX_PROMPT)):
        length = len(getattr(request, name))
        if length > most:
            yield f"{name} has {length} characters, at most {most} are accepted"


def _duration_problems(model: str, duration: str) -> Iterator[str]:
    allowed = [str(s) for s in range(3, 16)] if model in _LONG else ["5", "10"]
    if duration not in allowed:
        yield f"duration is {duration!r}, {model} accepts {', '.join(allowed)}"


def _image_problems(name: str, path: Path) -> Iterator[str]:
    if not path.is_file():
        yield f"{name} ({path}) does not exist"
        return
    size = path.stat().st_size
    if size > _MAX_IMAGE_BYTES:
        yield f"{name} has {size} bytes, at most {_MAX_IMAGE_BYTES} are accepted"
    try:
        with Image.open(path) as image:
            (width, height), kind = image.size, image.format
    except UnidentifiedImageError:
        yield f"{name} ({path.name}) is not an image"
        return
    if kind not in _FORMATS:
        yield f"{name} is {kind}, accepted are {', '.join(_FORMATS)}"
    if min(width, height) < _MIN_SIDE_PX:
        yield f"{name} is {width}x{height}, each side needs at least {_MIN_SIDE_PX} px"
    if max(width, height) > _MAX_ASPECT * min(width, height):
        yield f"{name} is {width}x{height}, the aspect may be at most {_MAX_ASPECT}:1"
