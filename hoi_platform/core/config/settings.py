"""Everything that a user sets for a run, resolved into one frozen value."""

from typing import Any, Final, Literal, cast, get_args

from hoi_platform.core.config.base import Config, parse_config
from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.core.config.recon_4dhoi import Recon4DHOIConfig
from hoi_platform.core.errors import ConfigError

Profile = Literal["demo", "full"]

# What each profile changes in the YAML files; "full" is the files as they are.
PROFILES: Final[dict[str, dict[str, Any]]] = {
    "full": {},
    "demo": {
        "gen_2dhoi": {
            "rendering": {"width": 640, "height": 360, "samples": 24},
            "video": {"simulated_fps": 12, "simulated_frames": 49, "simulated_samples": 4},
        },
    },
}


class Settings(Config):
    """The configuration of both stages from YAML files, profile and flags."""

    profile: Profile = "full"
    """Set of values that override the files."""
    gen_2dhoi: Gen2DHOIConfig = Gen2DHOIConfig()
    """2D stage."""
    recon_4dhoi: Recon4DHOIConfig = Recon4DHOIConfig()
    """4D stage."""


def merged(*layers: dict[str, Any]) -> dict[str, Any]:
    """Merge nested dictionaries; later ones win, lists are replaced."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else value
    return result


def resolve_settings(
    profile: Profile,
    gen_2dhoi: dict[str, Any],
    recon_4dhoi: dict[str, Any],
    overrides: dict[str, Any],
    sources: tuple[str, str] = ("gen_2dhoi configuration", "recon_4dhoi configuration"),
) -> Settings:
    """YAML contents, then the profile, then ``overrides`` (``{"gen_2dhoi": {...}, ...}``).

    ``sources`` name the two files. Raises ConfigError with every mistake of the file that has them.
    """
    parse_config(Gen2DHOIConfig, gen_2dhoi, sources[0])
    parse_config(Recon4DHOIConfig, recon_4dhoi, sources[1])
    files = {"gen_2dhoi": gen_2dhoi, "recon_4dhoi": recon_4dhoi}
    data = merged(files, PROFILES[profile], overrides, {"profile": profile})
    return parse_config(Settings, data, "command-line flags")


def checked_profile(name: str) -> Profile:
    """A profile's name from a flag or the environment."""
    for profile in get_args(Profile):
        if name == profile:
            return cast(Profile, profile)
    raise ConfigError(f"unknown profile {name!r}; known: {', '.join(get_args(Profile))}")
