"""The terms under which a video was had."""

from hoi_platform.core.config.gen_2dhoi import ChatGptConfig, VideoConfig
from hoi_platform.core.licensing import License, stated


def video_license(config: VideoConfig) -> License:
    """Whose terms they are; commercial use is for the user to permit, but of our own videos."""
    if config.model_api == "simulated":
        return License(part="video: simulated", name="Apache-2.0", commercial_ok=True)
    if config.model_api == "imported":
        return stated("video: imported", config.imported_license, config.commercial_ok)
    return License(
        part=f"video: {config.model_api} {config.kling_model_name}",
        name=f"terms of service of {config.model_api}",
        commercial_ok=config.commercial_ok,
    )


def answer_license(config: ChatGptConfig) -> License:
    """The terms of what the vision model answered."""
    return License(
        part=f"vision model: {config.model}",
        name="terms of service of its provider",
        commercial_ok=config.commercial_ok,
    )
