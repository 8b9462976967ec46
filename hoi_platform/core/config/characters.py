"""Configuration of the people (``configs/characters/*.yaml``): body shape and clothes."""

from typing import Annotated

from pydantic import Field

from hoi_platform.core.config.base import Config

HexColor = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
"""An sRGB color as ``#rrggbb``, lower case."""
Unit = Annotated[float, Field(ge=0, le=1)]


class PhenotypeConfig(Config):
    """Anny's phenotype: where the body stands between the ends of each axis."""

    gender: Unit = 0.5
    """0 male … 1 female, as in Anny; 0.5 between them, for children."""
    age: Unit = 0.67
    """0 baby … 1 old, as in Anny; 1/3 is a child, 2/3 a young adult."""
    muscle: Unit = 0.5
    """0 least … 1 most muscle, as in Anny."""
    weight: Unit = 0.5
    """0 lightest … 1 heaviest for the height, as in Anny."""
    height: Unit = 0.5
    """0 smallest … 1 tallest for the age, as in Anny."""
    proportions: Unit = 0.5
    """0 ideal … 1 uncommon proportions, as in Anny."""


class PaletteConfig(Config):
    """Colors of skin and clothes; sleeves and legs differ so that limbs can be distinguished."""

    skin: HexColor = "#c98f70"
    """Skin."""
    hair: HexColor = "#2b1d14"
    """Hair and brows."""
    lips: HexColor = "#94483f"
    """Lips."""
    shirt: HexColor = "#2f6f8f"
    """Trunk."""
    left_sleeve: HexColor = "#3d86a8"
    """Left arm, the person's."""
    right_sleeve: HexColor = "#265a75"
    """Right arm."""
    left_leg: HexColor = "#3a4152"
    """Left leg."""
    right_leg: HexColor = "#2c3140"
    """Right leg."""
    shoes: HexColor = "#d8d5cc"
    """Both shoes."""


class CharacterConfig(Config):
    """One person."""

    phenotype: PhenotypeConfig = PhenotypeConfig()
    """Shape of the body."""
    scale: float = Field(1.0, gt=0.2, le=2.0)
    """Factor of the whole body, proportions kept; over 0.2, at most 2."""
    palette: PaletteConfig = PaletteConfig()
    """Colors."""
