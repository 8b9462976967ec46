"""What Kling refuses with 1200 and 1201, written from its documentation, not from our client."""

import base64
import binascii
import io
from collections.abc import Iterator
from typing import Any

from PIL import Image

from hoi_platform.services.fake_apis.tasks import Order

_V1 = {"kling-v1", "kling-v1-5", "kling-v1-6"}
_V2 = {"kling-v2-master", "kling-v2-1", "kling-v2-1-master", "kling-v2-5-turbo", "kling-v2-6"}
LEGACY_MODELS = _V1 | _V2 | {"kling-v3"}
NEW_MODELS = {"kling-3.0-turbo", "kling-3.0", "kling-2.6", "kling-2.5-turbo"}
_TAIL_NEEDS_PRO = {"kling-v1-6", "kling-v2-1", "kling-v2-5-turbo", "kling-v2-6"}
_LEGACY_FIELDS = {
    *("model_name", "image", "image_tail", "prompt", "negative_prompt", "cfg_scale", "mode"),
    *("duration", "sound", "camera_control", "static_mask", "dynamic_masks", "callback_url"),
    "external_task_id",
}


class RefusedOrderError(Exception):
    """A request that breaks the documented limits; the text names field and limit."""


def legacy_order(body: dict[str, Any]) -> Order:
    """The order in a legacy body. Raises RefusedOrderError."""
    problems = list(_legacy_problems(body))
    if problems:
        raise RefusedOrderError("; ".join(problems))
    return Order(
        model=body["model_name"],
        prompt=body["prompt"],
        image=_image(body["image"], "image"),
        seconds=float(body["duration"]),
        external_id=body.get("external_task_id"),
        callback_url=body.get("callback_url"),
    )


def new_order(model: str, body: dict[str, Any]) -> Order:
    """The order in a body of the new generation. Raises RefusedOrderError."""
    contents = {item.get("type"): item for item in body.get("contents") or []}
    settings, options = body.get("settings") or {}, body.get("options") or {}
    if unknown := set(body) - {"contents", "settings", "options"}:
        raise RefusedOrderError(f"unknown fields {sorted(unknown)}")
    prompt = (contents.get("prompt") or {}).get("text")
    if not prompt or len(prompt) > 2500:
        raise RefusedOrderError("contents.prompt must have 1 to 2500 characters")
    duration = settings.get("duration", 5)
    allowed = range(3, 16) if model.startswith("kling-3") else (5, 10)
    if not isinstance(duration, int) or duration not in allowed:
        raise RefusedOrderError(
            f"settings.duration {duration!r} is not an integer that {model} accepts"
        )
    if settings.get("resolution", "720p") not in ("720p", "1080p", "4k"):
        raise RefusedOrderError("settings.resolution is unknown")
    if "first_frame" not in contents:
        raise RefusedOrderError("contents.first_frame is missing")
    return Order(
        model=model,
        prompt=prompt,
        image=_image(contents["first_frame"].get("url"), "first_frame"),
        seconds=float(duration),
        external_id=options.get("external_task_id"),
        callback_url=options.get("callback_url"),
    )


def _legacy_problems(body: dict[str, Any]) -> Iterator[str]:
    model, duration = body.get("model_name"), body.get("duration")
    if unknown := set(body) - _LEGACY_FIELDS:
        yield f"unknown fields {sorted(unknown)}"
    if not isinstance(duration, str):
        yield f"duration {duration!r} is not a string"
    allowed = map(str, range(3, 16)) if model == "kling-v3" else ("5", "10")
    if duration not in allowed:
        yield f"duration {duration!r} is not accepted by {model}"
    if body.get("mode", "std") not in ("std", "pro"):
        yield "mode is neither std nor pro"
    if "cfg_scale" in body and (model in _V2 or not 0 <= body["cfg_scale"] <= 1):
        yield f"cfg_scale is not supported by {model} or not within [0, 1]"
    for name in ("prompt", "negative_prompt"):
        if len(body.get(name) or "") > 2500:
            yield f"{name} is longer than 2500 characters"
    if body.get("image_tail"):
        if model not in _TAIL_NEEDS_PRO | {"kling-v3"}:
            yield f"image_tail is not supported by {model}"
        elif model in _TAIL_NEEDS_PRO and body.get("mode") != "pro":
            yield f"image_tail needs mode pro with {model}"


def _image(value: Any, field: str) -> bytes:
    if not isinstance(value, str) or not value:
        raise RefusedOrderError(f"{field} is missing")
    if value.startswith("data:"):
        raise RefusedOrderError(f"{field} has a data: prefix; bare base64 is expected")
    try:
        data = base64.b64decode(value, validate=True)
        with Image.open(io.BytesIO(data)) as image:
            (width, height), kind = image.size, image.format
    except (binascii.Error, OSError) as error:
        raise RefusedOrderError(f"{field} is not an image in base64") from error
    if kind not in ("JPEG", "PNG") or len(data) > 10_000_000:
        raise RefusedOrderError(f"{field} is not a JPEG or PNG of at most 10 MB")
    if min(width, height) < 300 or max(width, height) > 2.5 * min(width, height):
        raise RefusedOrderError(f"{field} is {width}x{height}: 300 px a side, 1:2.5 to 2.5:1")
    return data
