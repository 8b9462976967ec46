"""Characters: their stature, their cache and the errors about a wrong file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.body.model import BodyModel
from hoi_platform.core.body.skeleton import JOINT
from hoi_platform.core.errors import ConfigError
from hoi_platform.services.body import characters
from hoi_platform.services.body.anny_body import build_anny_body
from hoi_platform.services.body.characters import load_character, load_character_config
from hoi_platform_tests.people import CHARACTERS, person


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("kid", 1.30, 1.40), ("g1_proportioned", 1.31, 1.33), ("jason_rigged_001", 1.75, 1.81)],
)
def test_stature(name: str, least: float, most: float) -> None:
    """A character would be of another size than its file says, and with it every clip's scale."""
    assert least <= person(name).height_m <= most


def test_child_has_a_child_s_proportions() -> None:
    """The kid would be a scaled adult: heads of children are large for their legs."""

    def legs_per_head(name: str) -> float:
        body = person(name)
        y = body.rest_joints[:, 1]
        head = body.rest_vertices[:, 1].max() - y[JOINT["neck"]]
        return (y[JOINT["left_hip"]] - body.rest_vertices[:, 1].min()) / head

    assert legs_per_head("kid") < legs_per_head("g1_proportioned") - 0.1
    assert legs_per_head("kid") < legs_per_head("jason_rigged_001") - 0.1


@dataclass(frozen=True)
class Proportions:
    """Ratios of a trunk at rest by which men and women differ."""

    shoulders_per_hips: float
    """Distance of the shoulder joints by the width at the hip joints."""
    waist_per_hips: float
    chest_per_belly: float
    """Depth of the fullest chest by that of the flattest belly."""

    @classmethod
    def of(cls, body: BodyModel) -> "Proportions":
        joints, vertices = body.rest_joints, body.rest_vertices
        parts = ("pelvis", "spine1", "spine2", "spine3", "left_hip", "right_hip")
        trunk = vertices[np.isin(body.vertex_joint, [JOINT[part] for part in parts])]
        hip, shoulder = joints[JOINT["left_hip"], 1], joints[JOINT["left_shoulder"], 1]

        def extents(start: float, stop: float, axis: int) -> list[float]:
            heights = hip + np.linspace(start, stop, 15) * (shoulder - hip)
            rings = [trunk[np.abs(trunk[:, 1] - y) < 0.01 * body.height_m] for y in heights]
            return [float(np.ptp(ring[:, axis])) for ring in rings]

        hips = extents(0, 0, 0)[0]
        shoulders = joints[JOINT["left_shoulder"]] - joints[JOINT["right_shoulder"]]
        return cls(
            float(np.linalg.norm(shoulders)) / hips,
            min(extents(0.2, 0.7, 0)) / hips,
            max(extents(0.6, 0.9, 2)) / min(extents(0.25, 0.6, 2)),
        )


@pytest.mark.parametrize("name", ["jason_rigged_001", "g1_proportioned"])
def test_a_man_has_a_man_s_proportions(name: str) -> None:
    """Anny counts from male to female: read the other way, a man is rendered as a woman."""
    config = load_character_config(name, CHARACTERS)
    man = Proportions.of(person(name))
    opposite = config.phenotype.model_dump() | {"gender": 1 - config.phenotype.gender}
    woman = Proportions.of(build_anny_body("woman", opposite, config.scale))
    assert man.shoulders_per_hips > 1.08 > woman.shoulders_per_hips + 0.05
    assert man.waist_per_hips > 0.81 > woman.waist_per_hips + 0.03
    assert man.chest_per_belly < 1.29 < woman.chest_per_belly


def test_ideal_proportions_are_at_zero() -> None:
    """Proportions read the wrong way would make shoulders narrower where they should be broad."""
    phenotype = load_character_config("jason_rigged_001", CHARACTERS).phenotype.model_dump()
    ideal, uncommon = (
        Proportions.of(build_anny_body("man", phenotype | {"proportions": value}))
        for value in (0.0, 1.0)
    )
    assert ideal.shoulders_per_hips > uncommon.shoulders_per_hips + 0.02


def test_unknown_character_names_the_known_ones() -> None:
    """The user would not learn which characters exist."""
    with pytest.raises(ConfigError, match=r"no character 'kidd'.*g1_proportioned.*kid"):
        load_character_config("kidd", CHARACTERS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phenotype: {agee: 0.3}", "phenotype.agee: unknown key; did you mean 'age'"),
        ("phenotype: {age: 3}", "phenotype.age"),
        ("palette: {skin: brown}", "palette.skin"),
        ("- 1", "holds a list"),
        ("a: [", "is not readable YAML"),
    ],
)
def test_bad_file_is_explained(tmp_path: Path, text: str, message: str) -> None:
    """A mistake in a character's file would give another body instead of an error."""
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ConfigError, match=message.replace(".", r"\.")):
        load_character_config("x", tmp_path)


def test_cache_follows_the_shape_and_not_the_palette(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed phenotype would keep the old body, or a new shirt would rebuild it."""
    built = []

    def build(name: str, phenotype: dict[str, float], scale: float) -> object:
        built.append((phenotype["age"], scale))
        return person()

    monkeypatch.setattr(characters.anny_body, "build_anny_body", build)
    file = tmp_path / "x.yaml"
    for text in (
        "scale: 1.0",
        "{scale: 1.0, palette: {shirt: '#ff0000'}}",
        "scale: 1.1",
        "scale: 1.0",
    ):
        file.write_text(text)
        body = load_character("x", tmp_path, tmp_path / "cache")
    assert built == [(0.67, 1.0), (0.67, 1.1)]
    np.testing.assert_allclose(body.rest_joints, person().rest_joints)
    assert not list((tmp_path / "cache").glob("*.tmp"))
