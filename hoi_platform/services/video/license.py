"""The terms under which a video and an answer were obtained."""

from hoi_platform.core.config.gen_2dhoi import ChatGptConfig, VideoConfig
from hoi_platform.core.licensing import License, stated
from hoi_platform.services.backends.chosen import Choice
from hoi_platform.services.backends.registry import find_backend


def video_license(config: VideoConfig) -> License:
    """A service's terms; commercial use is for the user's contract to permit."""
    backend = find_backend("video", config.model_api, "video.model_api")
    choice = Choice("video", backend, config.model)
    part = f"video: {config.model_api} {config.kling_model_name}"
    return _of_service(choice, part, config.commercial_ok) if backend.paid else choice.license


def answer_license(config: ChatGptConfig) -> License:
    """The terms of what the vision model answered."""
    backend = find_backend("vision_model", config.backend, "chatgpt.backend")
    choice = Choice("vision_model", backend, config.backend_model)
    part = f"vision model: {config.model}"
    return _of_service(choice, part, config.commercial_ok) if backend.paid else choice.license


def _of_service(choice: Choice, part: str, contract_permits: bool) -> License:
    said, name = choice.model.commercial_ok, choice.model.license or choice.backend.license
    return stated(part, name, contract_permits if said is None else said)
