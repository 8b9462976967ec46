"""Paid services: who makes videos (``video.model_api``) and who answers about pictures.

Each factory reads the service's keys and addresses and makes what sends its requests; the role's
resource wraps that in the ledger.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.services.backends.registry import Backend, Need, register
from hoi_platform.services.backends.uses import PaidEndpoint, Use, VideoUse, VisionUse
from hoi_platform.services.ledger.account import account_name

if TYPE_CHECKING:
    from hoi_platform.services.video.kling.auth import Signer

_KLING_URL: Final = "https://api-singapore.klingai.com"
_FAL_URL: Final = "https://queue.fal.run"


def _address(use: Use, variable: str, usual: str) -> str:
    """Where requests go. Raises ConfigError for an address that no key may be sent to."""
    from hoi_platform.services.video.http import checked_base_url

    return checked_base_url(variable, use.environ.get(variable) or usual)


def _kling(use: VideoUse) -> Any:
    from hoi_platform.services.video.kling.legacy import LegacyKling
    from hoi_platform.services.video.kling.limits import NEW
    from hoi_platform.services.video.kling.new import NewKling
    from hoi_platform.services.video.kling.transport import KlingTransport

    url = _address(use, "KLING_BASE_URL", _KLING_URL)
    is_new = use.config.kling_model_name in NEW
    signer, key = _kling_signer(use, is_new)
    client = NewKling if is_new else LegacyKling
    callback = use.environ.get("KLING_CALLBACK_URL")
    return client(KlingTransport(url, signer), account_name("kling-ai", key), callback)


def _kling_signer(use: VideoUse, is_new: bool) -> "tuple[Signer, str]":
    """What signs requests, and the key that names the account. Raises MissingResourceError."""
    from hoi_platform.services.ledger.intent import utc_now
    from hoi_platform.services.video.kling.auth import ApiKeySigner, JwtSigner

    access, secret = use.key("KLING_ACCESS_KEY"), use.key("KLING_SECRET_KEY")
    api_key = use.key("KLING_API_KEY")
    if access and secret and not is_new:
        return JwtSigner(access, secret, utc_now), access
    if api_key:
        return ApiKeySigner(api_key), api_key
    if is_new:
        raise MissingResourceError(
            f"KLING_API_KEY is not set; {use.config.kling_model_name} is of the generation that "
            "accepts only an API key. Export one, or choose a model with a key pair such as "
            "kling-v2-5-turbo, or set video.model_api: simulated"
        )
    raise MissingResourceError(
        "no key for kling-ai: export KLING_ACCESS_KEY and KLING_SECRET_KEY, or KLING_API_KEY, or "
        "set video.model_api: simulated"
    )


def _fal(use: VideoUse) -> Any:
    from hoi_platform.services.video.fal import FalKling

    url = _address(use, "FAL_BASE_URL", _FAL_URL)
    key = use.key("FAL_KEY")
    if not key:
        raise MissingResourceError(
            "no key for fal-ai: export FAL_KEY, or set video.model_api: simulated"
        )
    return FalKling(url, key, account_name("fal-ai", key))


def _openai(use: VisionUse) -> PaidEndpoint:
    from hoi_platform.services.models.endpoint import OPENAI, ChatEndpoint

    key = use.key("OPENAI_API_KEY")
    if not key:
        raise MissingResourceError(
            f"{use.purpose} asks {use.config.model} and OPENAI_API_KEY is not set; "
            f"export a key (and OPENAI_BASE_URL for another endpoint), or {use.way_out}"
        )
    url = _address(use, "OPENAI_BASE_URL", OPENAI)
    return PaidEndpoint(ChatEndpoint(url, key, use.transport), account_name("openai", key))


def _keys(*groups: tuple[str, ...]) -> Callable[[ModelConfig, Mapping[str, str]], Need]:
    """Any one group of variables has to be set."""

    def look(_model: ModelConfig, environ: Mapping[str, str]) -> Need:
        for names in groups:
            if all(environ.get(name) for name in names):
                return Need(True, f"{' and '.join(names)} set")
        words = ", or ".join(" and ".join(names) for names in groups)
        return Need(False, cure=f"optional: export {words}")

    return look


_KLING_KEYS: Final = _keys(("KLING_ACCESS_KEY", "KLING_SECRET_KEY"), ("KLING_API_KEY",))
_TERMS: Final = "terms of service of"
_SENT: Final = ("kling_model_name", "kling_mode", "duration")

register(
    Backend(
        *("video", "kling-ai", f"{_TERMS} kling-ai", False, _kling, _KLING_KEYS),
        paid=True,
        sends=_SENT,
    )
)
register(
    Backend(
        *("video", "fal-ai", f"{_TERMS} fal-ai", False, _fal, _keys(("FAL_KEY",))),
        paid=True,
        sends=_SENT,
    )
)
register(
    Backend(
        *("vision_model", "openai", f"{_TERMS} its provider", False, _openai),
        needs=_keys(("OPENAI_API_KEY",)),
        paid=True,
    )
)
