"""Who makes videos and who answers about pictures; their resources make the clients.

``video.model_api`` names the first, ``chatgpt.model`` and the endpoint's address the second.
"""

from collections.abc import Callable, Mapping
from typing import Final

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.services.backends.registry import Backend, Need, register


def _keys(*groups: tuple[str, ...]) -> Callable[[ModelConfig, Mapping[str, str]], Need]:
    """Any one group of variables has to be set."""

    def look(_model: ModelConfig, environ: Mapping[str, str]) -> Need:
        for names in groups:
            if all(environ.get(name) for name in names):
                return Need(True, f"{' and '.join(names)} set")
        words = ", or ".join(" and ".join(names) for names in groups)
        return Need(False, cure=f"optional: export {words}")

    return look


_KLING: Final = _keys(("KLING_ACCESS_KEY", "KLING_SECRET_KEY"), ("KLING_API_KEY",))
_TERMS: Final = "terms of service of"

register(Backend("video", "simulated", "Apache-2.0", True, None))
register(Backend("video", "imported", "stated by video.imported_license", False, None))
register(Backend("video", "kling-ai", f"{_TERMS} kling-ai", False, None, _KLING))
register(Backend("video", "fal-ai", f"{_TERMS} fal-ai", False, None, _keys(("FAL_KEY",))))
register(
    Backend(
        *("vision_model", "openai", f"{_TERMS} its provider", False, None),
        needs=_keys(("OPENAI_API_KEY",)),
    )
)
