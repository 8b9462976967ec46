"""Reading configuration: GRAIL's files, hints, search folders, the table of keys."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.clip import ObjectId
from hoi_platform.core.config.base import Config, parse_config
from hoi_platform.core.config.key_table import KEYS
from hoi_platform.core.config.keys import CONDITIONS
from hoi_platform.core.config.support import refusals
from hoi_platform.core.errors import ConfigError
from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.platform import Platform

GRAIL = Path(__file__).parent / "grail"
CONFIGS = PROJECT_ROOT / "configs"
DRILL = ObjectId("ComAsset", "cordless_drill")

# What of GRAIL's files this platform refuses when every stage is asked for.
REFUSED: dict[str, set[str]] = {
    "pickup_ground": {
        "rendering.render_start_end",
        "video.base_prompt",
    },
    **{
        name: {"chatgpt.prompt_refinement_system_message"}
        for name in ("terrain_curbs", "terrain_slope", "terrain_stairs")
    },
    **{name: {"human_model.body_model"} for name in ("manip_smplx", "manip_soma")},
    **{name: {"human_model.body_model"} for name in ("loco_smplx", "loco_soma")},
}


def platform_of(results: Path, configs: Path = CONFIGS, **fields: Any) -> Platform:
    return Platform(results_dir=results, config_dir=configs, **fields)


@pytest.mark.parametrize("file", sorted(GRAIL.rglob("*.yaml")), ids=lambda file: file.stem)
def test_grail_s_files_load(file: Path, tmp_path: Path) -> None:
    """A file of the reference would be refused for a key, or its values would be ignored."""
    field = "gen_config" if file.parent.name == "gen_2dhoi" else "recon_config"
    settings = platform_of(tmp_path, **{field: file}).settings("manipulation")
    found = {r.path.partition(".")[2] for r in refusals(settings, flow_order())}
    if file.stem.startswith("pickup_s"):
        assert {"human_model.body_model", "obj_pose_tracking.crop_image"} < found
    else:
        assert found == REFUSED.get(file.stem, set())


def test_grail_s_manipulation_file_runs_from_here(tmp_path: Path) -> None:
    """Its folders and names (data/characters, configs/objects) would lead nowhere."""
    file = GRAIL / "gen_2dhoi" / "manipulation.yaml"
    simulated = {"gen_2dhoi": {"video": {"model_api": "simulated"}}}
    platform = platform_of(tmp_path, gen_config=file, overrides=simulated)
    platform.require_supported("manipulation", flow_order())
    clip = platform.clip(DRILL, 1)
    assert platform.stages(STAGES).fingerprint("visualization", clip)
    assert (
        platform.configured_results_dir() == Path("results_collection/manipulation001").absolute()
    )


class Inner(Config):
    alpha: int = 1


class Other(Config):
    beta: int = 1


class Outer(Config):
    by_name: dict[str, Inner] = {}
    listed: list[Inner] = []
    several: tuple[Inner, ...] = ()
    maybe: Inner | None = None
    either: Inner | Other = Inner()
    deep: list[dict[str, Inner | None]] = []


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"by_name": {"x": {"alpa": 1}}}, "by_name.x.alpa"),
        ({"listed": [{"alpa": 1}]}, "listed.0.alpa"),
        ({"several": [{}, {"alpa": 1}]}, "several.1.alpa"),
        ({"maybe": {"alpa": 1}}, "maybe.alpa"),
        ({"either": {"alpa": 1}}, "either.alpa"),
        ({"deep": [{"k": {"alpa": 1}}]}, "deep.0.k.alpa"),
    ],
)
def test_a_hint_works_at_every_depth(data: dict[str, Any], where: str) -> None:
    """A mistyped key inside a dictionary would be answered with "known: ;"."""
    with pytest.raises(ConfigError) as error:
        parse_config(Outer, data, "file.yaml")
    assert str(error.value) == f"file.yaml: {where}: unknown key; did you mean 'alpha'?"


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"by_name": {"x": 1.0}}, "by_name.x"),
        ({"maybe": 1.0}, "maybe"),
        ({"listed": [1.0]}, "list"),
    ],
)
def test_a_value_in_place_of_a_section_is_answered_with_its_keys(
    data: dict[str, Any], where: str
) -> None:
    """Who writes `contact: 1.0` for a weight would be told the name of a class."""
    said = rf"{where}\S*: 1\.0 is not a section; write its keys below it: alpha$"
    with pytest.raises(ConfigError, match=said):
        parse_config(Outer, data, "file.yaml")


def test_an_unlike_key_is_answered_with_all_known_ones() -> None:
    """The user would not learn what is allowed."""
    with pytest.raises(ConfigError, match=r"either\.zzz: unknown key; known: alpha, beta$"):
        parse_config(Outer, {"either": {"zzz": 1}}, "file.yaml")


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("human_model.backend", "mediapipe"),
        ("human_model.hands_backend", "mediapipe"),
        ("tracks.backend", "background"),
        ("tracks.depth_backend", "plate"),
        ("obj_pose_tracking.backend", "model_based"),
        ("contact.backend", "geometric"),
    ],
)
def test_an_unknown_backend_is_refused(key: str, known: str, tmp_path: Path) -> None:
    """Nonsense would be accepted, and stand in the record as what ran."""
    section, name = key.split(".")
    overrides = {"recon_4dhoi": {section: {name: "nonsense"}}}
    with pytest.raises(ConfigError, match=f"{key}: 'nonsense' is not known; known: '{known}'"):
        platform_of(tmp_path, overrides=overrides).settings("manipulation")


def test_loss_terms_are_checked_without_torch() -> None:
    """Every command would wait seconds for torch, because a configuration names loss terms."""
    code = """
import sys
from hoi_platform.core.errors import ConfigError
from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.recon_4dhoi import Recon4DHOIConfig
specs = {"a": {"niter": 1, "loss_cfg": {"contcat": {"weight": 1}}}}
try:
    parse_config(Recon4DHOIConfig, {"optimization": {"opt_stage_specs": specs}}, "file")
except ConfigError as error:
    print(error)
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "file: optimization.opt_stage_specs.a.loss_cfg: unknown term 'contcat'; "
        "did you mean 'contact'?",
        "False",
    ]


def test_the_table_names_stages_that_exist() -> None:
    """A refusal would never fire, because no stage of that name is ever asked for."""
    for path, key in KEYS.items():
        for spec in key.reads:
            stage, _, condition = spec.partition(" if ")
            assert stage in STAGES, path
            assert not condition or condition in CONDITIONS, path
        assert {*key.refused_by, *key.may_change} <= set(STAGES), path


def test_a_mistyped_term_names_its_file(tmp_path: Path) -> None:
    """It would be found after hours, when the optimizer starts."""
    file = tmp_path / "recon.yaml"
    data = yaml.safe_load((CONFIGS / "recon_4dhoi" / "manip_anny.yaml").read_text())
    loss = data["optimization"]["opt_stage_specs"]["contact_opt"]["loss_cfg"]
    loss |= {"contct": {"weight": 1.0}, "penetration": {"weight": 1.0, "tolerence": 1}}
    file.write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigError) as error:
        platform_of(tmp_path, recon_config=file).settings("manipulation")
    assert str(error.value).startswith(str(file))
    assert "unknown term 'contct'; did you mean 'contact'?" in str(error.value)
    assert "penetration.tolerence: unknown key; did you mean 'tolerance'?" in str(error.value)


def test_a_character_folder_is_searched_first(tmp_path: Path) -> None:
    """character_dir would be parsed and ignored."""
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "kid.yaml").write_text("{scale: 1.1}")
    overrides = {"gen_2dhoi": {"character_dir": str(folder)}}
    platform = platform_of(tmp_path, overrides=overrides)
    assert platform.context(platform.clip(DRILL, 1)).character.scale == 1.1
    overrides = {"gen_2dhoi": {"character_dir": str(folder), "character": "jason_rigged_001"}}
    platform = platform_of(tmp_path, overrides=overrides)
    assert platform.context(platform.clip(DRILL, 1)).character.scale == 1.0


@pytest.mark.parametrize("key", ["character_dir", "scene_config", "object_config"])
def test_a_missing_folder_is_named(key: str, tmp_path: Path) -> None:
    """A typing mistake would silently select the shipped files."""
    platform = platform_of(tmp_path, overrides={"gen_2dhoi": {key: str(tmp_path / "nowhere")}})
    with pytest.raises(ConfigError, match=rf"manipulation\.yaml: {key}: .*nowhere.*remove the"):
        platform.stages(STAGES).fingerprint("scene_render", platform.clip(DRILL, 1))


def test_a_scene_file_has_to_be_of_the_scene(tmp_path: Path) -> None:
    """A renamed copy would be drawn under the wrong name."""
    configs = tmp_path / "configs"
    shutil.copytree(CONFIGS, configs)
    scenes = configs / "scenes"
    shutil.copyfile(scenes / "indoor2-manipulation.yaml", scenes / "mine.yaml")
    platform = platform_of(tmp_path, configs, overrides={"gen_2dhoi": {"scene": "mine"}})
    with pytest.raises(ConfigError, match=r"mine\.yaml: name: the file holds .*indoor2"):
        platform.stages(STAGES).fingerprint("scene_render", platform.clip(DRILL, 1))


def test_an_edited_texture_is_another_mesh(tmp_path: Path) -> None:
    """A repainted object would keep its old pictures."""
    from PIL import Image

    folder = tmp_path / "mesh"
    folder.mkdir()
    texture = folder / "paint.png"
    Image.new("RGB", (4, 4), (200, 10, 10)).save(texture)
    (folder / "t.mtl").write_text("newmtl m\nmap_Kd paint.png\n")
    lines = ["mtllib t.mtl", "v 0 0 0", "v 1 0 0", "v 0 1 0", "v 0 0 1"]
    lines += ["vt 0 0", "vt 1 0", "vt 0 1", "usemtl m"]
    faces = [(1, 3, 2), (1, 2, 4), (2, 3, 4), (3, 1, 4)]
    lines += [f"f {a}/1 {b}/2 {c}/3" for a, b, c in faces]
    (folder / "t.obj").write_text("\n".join(lines) + "\n")
    catalogue = tmp_path / "mine.yaml"
    entry = {"source": "mesh/t.obj", "obj_scale": 0.1}
    catalogue.write_text(yaml.safe_dump({"dataset": "Mine", "objects": {"tetra": entry}}))
    overrides = {"gen_2dhoi": {"object_config": str(catalogue)}}
    tetra = ObjectId("Mine", "tetra")

    def mesh() -> str:
        return (
            platform_of(tmp_path, overrides=overrides)
            .stages(STAGES)
            .fingerprint("object_mesh", tetra)
        )

    before = mesh()
    Image.new("RGB", (4, 4), (10, 10, 200)).save(texture)
    assert mesh() != before
