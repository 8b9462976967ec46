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
    """0 male … 1 female, as Anny counts; 0.5 between them, for children."""
    age: Unit = 0.67
    """0 baby, 1/3 child, 2/3 young adult, 1 old."""
    muscle: Unit = 0.5
    weight: Unit = 0.5
    height: Unit = 0.5
    """Stature relative to the age, 0 smallest … 1 tallest."""
    proportions: Unit = 0.5
    """0 ideal … 1 uncommon proportions, as Anny counts."""


class PaletteConfig(Config):
    """Colors of skin and clothes; sleeves and legs differ so that limbs are told apart."""

    skin: HexColor = "#c98f70"
    hair: HexColor = "#2b1d14"
    lips: HexColor = "#94483f"
    shirt: HexColor = "#2f6f8f"
    left_sleeve: HexColor = "#3d86a8"
    right_sleeve: HexColor = "#265a75"
    left_leg: HexColor = "#3a4152"
    right_leg: HexColor = "#2c3140"
    shoes: HexColor = "#d8d5cc"


class CharacterConfig(Config):
    """One person."""

    phenotype: PhenotypeConfig = PhenotypeConfig()
    scale: float = Field(1.0, gt=0.2, le=2.0)
    """Uniform scale of the whole body, proportions kept."""
    palette: PaletteConfig = PaletteConfig()
