"""The terms of the body that characters are made of."""

from typing import Final

from hoi_platform.core.licensing import License

BODY_LICENSE: Final = License(
    part="body: Anny", name="Apache-2.0 (code), CC0-1.0 (data)", commercial_ok=True
)
