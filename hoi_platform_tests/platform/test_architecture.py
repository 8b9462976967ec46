"""docs/architecture.md says what is: its picture, its layers, and every example on it runs.

Its examples of a task, a kind of scene and a check are run by ``test_registries``, that of a
backend by ``test_backends``.
"""

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from hoi_platform import definitions
from hoi_platform.assets.stage import STAGES
from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.recon_4dhoi import Recon4DHOIConfig
from hoi_platform.core.formats import artifacts
from hoi_platform.core.optimizer.build import build_observations
from hoi_platform.core.optimizer.hoi_model import HoiModel, TensorSpec
from hoi_platform.core.optimizer.holding import holding
from hoi_platform.core.optimizer.phases import resolve_phases
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.variables import Variables
from hoi_platform.core.scene.performance.animate import Animation
from hoi_platform.core.scene.performance.laws import LAWS, Candidate, violations
from hoi_platform.core.scene.performance.skinned import BodySample, SkinnedAnimation
from hoi_platform.core.scene.performance.surroundings import Solid
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.video.codec import write_video
from hoi_platform_tests.core.optimizer.planted import planted
from hoi_platform_tests.core.scene.performance.acts import act
from hoi_platform_tests.pages import ROOT, blocks, example
from hoi_platform_tests.platform.added import Add
from hoi_platform_tests.platform.prepared import DRILL, fill, prepare
from hoi_platform_tests.test_documented import (
    config_models,
    modules,
    undocumented,
    without_source,
)

PAGE = (ROOT / "docs" / "architecture.md").read_text()
Graph = dict[str, set[str]]
"""Asset → what it reads."""


def _groups() -> dict[str, dict[str, Any]]:
    """The committed asset graph, which a test of the definitions compares with them."""
    goldens = ROOT / "hoi_platform_tests" / "goldens" / "asset_graph"
    return {file.stem: json.loads(file.read_text()) for file in goldens.glob("*.json")}


def _above(graph: Graph, asset: str) -> set[str]:
    """All that an asset is made from, over any number of steps."""
    direct = graph[asset]
    return direct.union(*(_above(graph, name) for name in direct))


def _drawn_edges(graph: Graph) -> set[tuple[str, str]]:
    """The edges that do not follow from others."""
    return {
        (name, asset)
        for asset, direct in graph.items()
        for name in direct
        if not any(name in _above(graph, other) for other in direct)
    }


def _picture() -> str:
    (drawing,) = [block.text for block in blocks(PAGE) if block.language == "mermaid"]
    return drawing


def test_the_picture_shows_the_asset_graph() -> None:
    """A newcomer would learn a flow that the system no longer has."""
    assets = {name: asset for group in _groups().values() for name, asset in group.items()}
    graph = {name: set(asset["deps"]) for name, asset in assets.items()}
    drawn = re.findall(r"^\s*(\w+) --> (\w+)$", _picture(), re.MULTILINE)
    assert len(drawn) == len(set(drawn)) == _picture().count("-->")
    assert set(drawn) == _drawn_edges(graph)
    assert _drawn_edges({"a": set(), "b": {"a"}, "c": {"a", "b"}}) == {("a", "b"), ("b", "c")}


def test_the_picture_shows_groups_and_partitions() -> None:
    """An asset would stand in the wrong group, or look as if it existed once per clip."""
    shapes = {"": "MultiPartitionsDefinition", "([": "DynamicPartitionsDefinition"}
    drawn: dict[str, dict[str, str]] = {}
    for name, body in re.findall(r"subgraph (\w+)\n(.*?)\n    end", _picture(), re.DOTALL):
        nodes = re.findall(r"^\s*(\w+)(\(\[|\[\[)?(?:\w+)?(?:\]\)|\]\])?$", body, re.MULTILINE)
        drawn[name] = {node: shapes.get(shape, "NoneType") for node, shape in nodes}
    assert drawn == {
        group: {name: asset["partitions"] for name, asset in members.items()}
        for group, members in _groups().items()
    }


def test_the_readme_lists_the_assets_in_flow_order() -> None:
    """The README's table would describe another system."""
    scopes = {"object": "object", "clip": "object × seed", "index": "—"}
    flow = (ROOT / "README.md").read_text().partition("## The flow")[2]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", flow, re.MULTILINE)
    assert rows == [(kind.name, scopes[kind.scope]) for kind in artifacts.ARTIFACTS.values()]


def test_the_layers_are_those_that_are_enforced() -> None:
    """Somebody would build upon a rule that nothing checks."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    enforced = [
        [name.strip().removeprefix("hoi_platform.") for name in layer.split("|")]
        for layer in contracts["contracts"][0]["layers"]
    ]
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert [re.findall(r"`(\w+)`", names) for _, names in rows] == enforced
    assert [int(number) for number, _ in rows] == [*range(1, len(enforced) + 1)]


@pytest.fixture
def clip_length(add: Add, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The page's asset, in every place that the page names."""
    name, package = "clip_length", "hoi_platform.assets.recon_4dhoi"
    row = eval(example("row of hoi_platform/core/formats/artifacts.py"), vars(artifacts))
    monkeypatch.setitem(artifacts.ARTIFACTS, name, row)
    add(package, name, example("hoi_platform/assets/recon_4dhoi/clip_length.py"))
    asset = getattr(importlib.import_module(f"{package}.{name}"), name)
    monkeypatch.setattr(definitions, "ASSETS", [*definitions.ASSETS, asset])
    yield
    del STAGES[name]


def test_the_asset_of_the_page_is_made(clip_length: None, tmp_path: Path) -> None:
    """Who follows the page would end with an asset that does not run."""
    frame = tmp_path / "frame.png"
    Image.fromarray(np.full((36, 64, 3), 128, np.uint8)).save(frame)
    resource = PlatformResource(results_dir=str(tmp_path / "results"), profile="full")
    (clip,) = prepare(resource, frame, range(1, 2))
    fill(resource, frame, clip, ("video_task", "performance", "interaction_video"))
    stages = resource.platform().stages(STAGES)

    def video(work: Work) -> None:
        for above in work.stage.needed(work.context):
            work.input(above, artifacts.ARTIFACTS[above].files[0].key)
        write_video(work.output("video"), np.full((6, 36, 64, 3), 128, np.uint8), 12.0)
        work.output("checks").write_text("[]")

    stages.run("interaction_video", clip, video, lambda _f, _t: None)
    (outcome,) = ChainRunner(resource).run(DRILL, [1], ["clip_length"])
    assert outcome.error is None
    made = resource.platform().store.path("clip_length", "length", clip)
    assert json.loads(made.read_text()) == {"seconds": 0.5}


def test_the_loss_term_of_the_page_is_configured_and_counts(add: Add) -> None:
    """Who follows the page would end with a term that no file can name, or that is wrong."""
    term_file = example("hoi_platform/core/optimizer/terms/obj_speed.py")
    add("hoi_platform.core.optimizer.terms", "obj_speed", term_file)
    shipped = yaml.safe_load((ROOT / "configs" / "recon_4dhoi" / "manip_anny.yaml").read_text())
    change = yaml.safe_load(example("part of configs/recon_4dhoi/manip_anny.yaml"))
    specs = shipped["optimization"]["opt_stage_specs"]
    for phase, spec in change["optimization"]["opt_stage_specs"].items():
        specs[phase]["loss_cfg"] |= spec["loss_cfg"]
    config = parse_config(Recon4DHOIConfig, shipped, "manip_anny")
    last = resolve_phases(config.optimization)[-1]
    (term,) = [term for term in last.terms if term.name == "obj_speed"]
    assert term.weight == 0.1

    clip = planted(frames=4, contact_start=2)
    still = np.tile(clip.Ts_world_object[:1], (4, 1, 1))
    as_tensor = TensorSpec(torch.float64, torch.device("cpu"))
    model = HoiModel.of(clip.inputs, still, as_tensor, seed=0)
    held, rng = holding(clip.inputs), np.random.default_rng(0)
    observed = build_observations(clip.inputs, model, held, as_tensor, 0, rng)
    variables = Variables.zeros(len(model), model.translation)
    step = torch.tensor([0.0, 0.1, 0.0], dtype=torch.float64)
    variables.obj_t_res += torch.arange(4)[:, None] * step
    value = term.term.function(Prediction(model, variables), observed, term.params)
    assert value.item() == pytest.approx((0.1 * observed.fps - 2.0) ** 2)


def test_the_law_of_the_page_binds(add: Add) -> None:
    """Who follows the page would end with a law that no plan can break."""
    law = "hoi_platform/core/scene/performance/law_rows/height.py"
    add("hoi_platform.core.scene.performance.law_rows", "height", example(law))
    made = act("mug", 1, "kid")
    motion, solid = made.performance.motion, Solid.of(made.mesh)
    limit = LAWS.find("height of the object").limit

    def broken(rise: float) -> set[str]:
        Ts = made.performance.Ts_world_object.copy()
        Ts[:, 2, 3] += rise
        animation = Animation(motion.rotations, motion.translation, Ts)
        skinned = SkinnedAnimation.of(animation, BodySample.of(made.body), solid)
        found = violations(Candidate("manipulation", skinned, made.spec, solid, motion.fps))
        return {violation.law for violation in found}

    assert "height of the object (m)" not in broken(0.0)
    assert "height of the object (m)" in broken(limit)


def test_the_examples_pass_the_checks_of_the_code(tmp_path: Path) -> None:
    """Who copies an example would begin with a file that `make check` and the tests refuse."""
    titles = [block.title for block in blocks(PAGE) if block.title.endswith(".py")]
    files = [tmp_path / title for title in titles if not title.startswith("row of ")]
    assert len(files) == 7
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(example(str(file.relative_to(tmp_path))))
    ruff = [sys.executable, "-m", "ruff"]
    style = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(tmp_path)]
    annotated = "--extend-select=ANN001,ANN201,ANN202,ANN204"
    for command in (["format", "--check"], ["check", annotated]):
        done = subprocess.run(
            [*ruff, *command, *style], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    trees = [ast.parse(file.read_text()) for file in files]
    models, numeric = config_models([*trees, *(tree for _, tree in modules())]), {"int", "float"}
    for file, tree in zip(files, trees, strict=True):
        at = ROOT / file.relative_to(tmp_path)
        assert not [*without_source(at, tree), *undocumented(at, tree, models, numeric)]


def test_every_example_is_run() -> None:
    """A code block of the page would be prose that nobody ever ran."""
    tests = "".join(
        (Path(__file__).parent / f"test_{name}.py").read_text()
        for name in ("architecture", "registries", "backends")
    )
    for block in blocks(PAGE):
        assert block.language == "mermaid" or f'"{block.title}"' in tests, block
