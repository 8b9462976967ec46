"""Library objects in version 1, whose records hold one hash of the whole library's source."""

from collections.abc import Mapping
from typing import Any, Final

_FIRST_SOURCE: Final = "e389b190b322cc9c863ec7554fe9a48bff589a38a160d2e0fee5ebcfd48bf7a6"
_SAME_MESH: Final = {
    "cordless_drill": "3f1a47caf93ca041ef2e15188a0e9a56371091198a35a4298d88a8afd5018cea",
    "mug": "2eba75d5579c2cf08f25133d93bdbaf6f806a1598c125f4e7a1d60a34b51b24d",
    "hammer": "a4465154e257ded01970a77994ef089a513270d4d2fc6c64b30c8a36802ad38c",
    "suitcase": "4ffe5fd1cb5d10e8afcc4831bcd5137cc96f00383df94fddb2161f04463dece1",
    "chair": "a328190b9eaacccfe55d91533086ef06c0af987370c8382263cd310790bec495",
    "box": "882b2f189a0a1c7d0e5453c501d77fa41113b24d1c6c889a25363461fcde82d1",
    "bottle": "b055e05dd97b9db56a423f95ed7330bbe4f5023d0cdc8f3e55f1a0dbf0f60de1",
    "ball": "962be1ac7d0410a9454dfd5f8c9149dcd846ee4a213a6fd7f83b41c965ca44c3",
}
"""Object → ``library_fingerprint`` of the code that builds the mesh of version 1, unchanged.

A builder that changes later has another fingerprint: its old records are then stale."""


def with_source_of_today(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A record's settings, a source of version 1's library named as today's version names it."""
    name, _, digest = str(settings.get("source", "")).partition(":")
    if digest != _FIRST_SOURCE or name not in _SAME_MESH:
        return dict(settings)
    return {**settings, "source": _SAME_MESH[name]}
