"""Tasks, kinds of scene and performance, laws, checks, loss terms: one new file adds each."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trimesh
import yaml
from PIL import Image

from hoi_platform.assets.stage import STAGES, flow_order
from hoi_platform.core.clip import ObjectId
from hoi_platform.core.config.base import parse_config
from hoi_platform.core.config.gen_2dhoi import Gen2DHOIConfig
from hoi_platform.core.config.recon_4dhoi import FilteringConfig, Recon4DHOIConfig
from hoi_platform.core.errors import ConfigError, StageError
from hoi_platform.core.filtering.judge import judge
from hoi_platform.core.filtering.registry import check_versions
from hoi_platform.core.optimizer.phases import resolve_phases
from hoi_platform.core.optimizer.term import TERMS
from hoi_platform.core.registry import Registry
from hoi_platform.core.scene.kind import SCENE_KINDS
from hoi_platform.core.scene.parts import MeshSpec
from hoi_platform.core.scene.performance.kind import PERFORMANCES, performance_of
from hoi_platform.core.scene.performance.laws import LAWS
from hoi_platform.core.scene.sampling import sample_scene
from hoi_platform.core.task import TASKS
from hoi_platform.resources.platform import PROJECT_ROOT, PlatformResource
from hoi_platform.runner import ChainRunner
from hoi_platform.services.body.anny_body import save_body
from hoi_platform.services.configuration import ConfigFiles
from hoi_platform.services.performances.acting import Acting
from hoi_platform.services.performances.acting import act as act_in_scene
from hoi_platform_tests.core.filtering.clips import good_clip
from hoi_platform_tests.core.scene.performance.acts import act, fresh_act
from hoi_platform_tests.core.scene.scenes import (
    RENDERING,
    THING,
    UNIT,
    clip,
    floor_scene,
    settled,
    stick_person,
)
from hoi_platform_tests.hoi_samples import stick_body
from hoi_platform_tests.pages import example
from hoi_platform_tests.platform.added import Add
from hoi_platform_tests.platform.prepared import ABOVE, DRILL, prepare

TASK = example("hoi_platform/core/tasks/showing.py")

SCENE_KIND = example("hoi_platform/core/scene/kinds/plinth.py")

LAW = """
import numpy as np

from hoi_platform.core.scene.performance.laws import Law

REFUSED = []


def _seen_before(candidate):
    end = candidate.skinned.animation.Ts_world_object[-1]
    return float(any(np.array_equal(end, other) for other in REFUSED))


LAWS = (
    Law("seen before", 0.5, "plans", _seen_before, kinds=frozenset({"manipulation"})),
    Law("for dancers", -1.0, "m", lambda candidate: 0.0, kinds=frozenset({"dancing"})),
)
"""

CHECK = example("hoi_platform/core/filtering/check_rows/length.py")

TERM = example("hoi_platform/core/optimizer/terms/obj_speed.py")

PERFORMANCE = """
from hoi_platform.core.errors import StageError
from hoi_platform.core.scene.performance.kind import PerformanceKind


def _refuse(body, spec, mesh, frames, fps, rng, grasp=None):
    raise StageError(f"{spec.clip_id}: nobody dances with {frames} frames")


KINDS = (PerformanceKind("dancing", _refuse),)
"""

DANCE = """
from hoi_platform.core.task import Task

TASKS = (Task("dance", "dancing", "manipulation", "manip_anny"),)
"""


@pytest.fixture
def before() -> Iterator[None]:
    """Every registry holds the same after a test as before it."""
    registries: tuple[Registry, ...] = (TASKS, SCENE_KINDS, LAWS, PERFORMANCES, TERMS)
    rows = [list(registry.rows()) for registry in registries]
    yield
    assert [list(registry.rows()) for registry in registries] == rows


def test_one_new_file_adds_a_task(add: Add, tmp_path: Path) -> None:
    """A task would need edits in the platform, the configuration and the assets."""
    configs = tmp_path / "configs"
    configs.mkdir()
    for folder in (PROJECT_ROOT / "configs").iterdir():
        (configs / folder.name).symlink_to(folder)
    (configs / "objects").unlink()
    (configs / "objects").mkdir()
    mug = {"source": "library:mug", "obj_scale": 1.0, "task": "showing"}
    (configs / "objects" / "Mine.yaml").write_text(yaml.safe_dump({"objects": {"mug": mug}}))
    sizes = PROJECT_ROOT / "configs" / "objects"
    for file in sizes.iterdir():
        (configs / "objects" / file.name).symlink_to(file)
    add("hoi_platform.core.tasks", "showing", TASK)
    resource = PlatformResource(
        results_dir=str(tmp_path / "results"), config_dir=str(configs), profile="full"
    )
    platform = resource.platform()
    platform.require_supported("showing", flow_order())
    object_id = platform.catalogue.named("Mine", "mug", "showing")
    frame = tmp_path / "frame.png"
    Image.fromarray(np.full((36, 64, 3), 128, np.uint8)).save(frame)
    (made,) = prepare(resource, frame, range(1, 2), ABOVE[:-1], object_id)
    (outcome,) = ChainRunner(resource).run(object_id, [1], ["video_prompt"])
    assert outcome.error is None
    text = platform.store.path("video_prompt", "text", made).read_text()
    assert text == "A person shows the mug.\n"
    settings = STAGES["filtered_hoi"].settings(platform.context(made))
    assert settings["skipped_checks"] == ["object_motion"]
    assert performance_of("showing").name == "manipulation"


def test_a_task_of_the_file_is_gone_with_it(before: None, add: Add) -> None:
    """A removed plug-in would go on living; an unknown task fail without the names."""
    with pytest.raises(ConfigError, match=r"unknown task 'showing'; known: manipulation$"):
        PlatformResource(profile="full").platform().settings("showing")


def test_one_new_file_adds_a_kind_of_scene(add: Add, tmp_path: Path) -> None:
    """A kind of scene would need edits in the templates, the drawing and the loader."""
    shipped = PROJECT_ROOT / "configs" / "scenes" / "indoor2-manipulation.yaml"
    mine = yaml.safe_load(shipped.read_text()) | {
        "name": "museum",
        "kind": "plinth",
        "plinth_m": 0.9,
        "requirements": {"max_reach": 1.5, "min_upper_visible": 0.5, "min_feet_visible": 0.0},
    }
    (tmp_path / "museum.yaml").write_text(yaml.safe_dump(mine))
    config = Gen2DHOIConfig(scene_config=str(tmp_path))
    files = ConfigFiles(PROJECT_ROOT / "configs", tmp_path / "gen.yaml")
    with pytest.raises(ConfigError, match=r"museum.yaml: kind: unknown .*known: floor, table"):
        files.scene(config, "museum")
    add("hoi_platform.core.scene.kinds", "plinth", SCENE_KIND)
    template = files.scene(config, "museum")
    scene = sample_scene(
        clip(),
        42,
        template=template,
        person=stick_person(),
        mesh=THING,
        settled=settled(),
        scale=UNIT,
        rendering=RENDERING,
    )
    (plinth,) = scene.spec.supports
    assert isinstance(plinth, MeshSpec)
    thing = THING.transformed(scene.spec.T_world_object_array())
    assert thing.bounds[0, 2] == pytest.approx(0.9)
    assert template.content()["kind"] == "plinth"


def test_the_first_kind_goes_unsaid_in_fingerprints() -> None:
    """Every scene that was rendered before there were kinds would be rendered again."""
    platform = PlatformResource(profile="full").platform()
    drill = platform.context(platform.clip(DRILL, 1))
    settings = STAGES["scene_render"].settings(drill)
    assert set(settings["scene"]) == {
        "room_size", "corner_m", "table", "camera", "lights", "palettes", "furniture"
    }  # fmt: skip
    filtered = STAGES["filtered_hoi"].settings(drill)
    assert set(filtered) - {"checks"} == {*FilteringConfig.model_fields, "licenses"}
    assert {"finite_values", "unheld_motion"}.isdisjoint(filtered.get("checks", ()))


def test_one_new_file_adds_a_law(add: Add) -> None:
    """A law would need edits in the laws and in every kind of performance."""
    name, seed, character = "mug", 1, "kid"
    usual = act(name, seed, character).performance
    add("hoi_platform.core.scene.performance.law_rows", "seen", LAW)
    assert {"seen before", "for dancers"} <= set(LAWS.rows())
    module = sys.modules["hoi_platform.core.scene.performance.law_rows.seen"]
    module.REFUSED.append(usual.Ts_world_object[-1])
    other = fresh_act(name, seed, character).performance
    assert not np.array_equal(other.motion.rotations, usual.motion.rotations)


def test_one_new_file_adds_a_check(add: Add) -> None:
    """A check would need edits in the judge and the verdict, or leave judged clips as they are."""
    good, config = good_clip(), FilteringConfig()
    usual = judge(good, config)
    assert usual.valid
    platform = PlatformResource(profile="full").platform()
    drill = platform.clip(DRILL, 1)
    old = platform.stages(STAGES).fingerprint("filtered_hoi", drill)
    versions = check_versions()
    add("hoi_platform.core.filtering.check_rows", "length", CHECK)
    verdict = judge(good, config)
    assert [check for check in verdict.checks if check.name != "length"] == [*usual.checks]
    assert verdict.failed == ("length",)
    assert judge(good, config, skipped={"length"}) == usual
    settings = STAGES["filtered_hoi"].settings(platform.context(drill))
    assert settings["checks"] == versions | {"length": "1"}
    assert platform.stages(STAGES).fingerprint("filtered_hoi", drill) != old


def test_one_new_file_adds_a_loss_term(before: None, add: Add) -> None:
    """A term would need a row in a table, and its names another one in the configuration."""
    speed = {"obj_speed": {"weight": 0.1, "limit_m_s": 2.0}}
    phase = {"niter": 1, "opt_vars": {"obj_t_res": {"lr": 0.1}}, "loss_cfg": speed}
    data = {"optimization": {"opt_stage_specs": {"only": phase}}}
    with pytest.raises(ConfigError, match="loss_cfg: unknown term 'obj_speed'; known: contact"):
        parse_config(Recon4DHOIConfig, data, "file.yaml")
    add("hoi_platform.core.optimizer.terms", "obj_speed", TERM)
    config = parse_config(Recon4DHOIConfig, data, "file.yaml")
    ((term,),) = [phase.terms for phase in resolve_phases(config.optimization)]
    assert (term.name, term.weight) == ("obj_speed", 0.1)
    assert term.params.model_dump() == {"limit_m_s": 2.0}
    speed["obj_speed"]["limit"] = 1.0
    with pytest.raises(ConfigError, match=r"obj_speed\.limit: unknown key; did you mean"):
        parse_config(Recon4DHOIConfig, data, "file.yaml")


def test_one_new_file_adds_a_kind_of_performance(add: Add, tmp_path: Path) -> None:
    """A task could ask only for what is written already, or its clips would show another's."""
    add("hoi_platform.core.tasks", "dance", DANCE)
    with pytest.raises(ConfigError, match=r"unknown kind of performance 'dancing'; known: manip"):
        performance_of("dance")
    add("hoi_platform.core.scene.performance.kinds", "dancing", PERFORMANCE)
    (tmp_path / "scene.json").write_text(floor_scene().spec.model_dump_json())
    save_body(stick_body(), tmp_path / "body.npz")
    trimesh.Trimesh(THING.vertices, THING.faces).export(tmp_path / "model.obj")
    files = {"scene": tmp_path / "scene.json", "person": tmp_path}
    with pytest.raises(StageError, match="nobody dances with 9 frames"):
        act_in_scene(
            Acting(
                "dance",
                **files,
                mesh_obj=tmp_path / "model.obj",
                grasp=None,
                seed=0,
                frames=9,
                fps=12,
            )
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"broken\.py: needs TASKS, a tuple of Task, such as .*; found none"),
        ("TASKS = ('dance',)", r"broken\.py: needs TASKS, a tuple of Task.*; found a tuple of str"),
        (DANCE.replace(",)", ")"), r"broken\.py: needs TASKS.*; found one Task, without a comma"),
        (
            DANCE.replace("dance", "manipulation"),
            r"'manipulation' is there twice, in .*broken\.py and in .*manipulation\.py; rename one",
        ),
        ("import nothing", r"broken\.py cannot be loaded: ModuleNotFoundError: No module named"),
        ("TASKS = (", r"broken\.py cannot be loaded: SyntaxError: '\(' was never closed"),
    ],
)
def test_a_broken_file_is_named(add: Add, text: str, message: str) -> None:
    """A typing error would make a task vanish, or one silently replace another."""
    add("hoi_platform.core.tasks", "broken", text)
    with pytest.raises(ConfigError, match=message):
        TASKS.rows()


@pytest.mark.parametrize(
    ("judge_with", "message"),
    [
        ("lambda judged: 1.0", r"the check 'length' returns 1\.0; return a Check called 'length'"),
        ("lambda judged: Check.at_least('long', 2, 1, 's')", "returns a Check called 'long'; "),
    ],
)
def test_a_check_of_another_kind_or_name_is_refused(
    judge_with: str, message: str, add: Add
) -> None:
    """A verdict would break without the check's name, or list a check that no task can skip."""
    text = CHECK.replace('"length", _length,', f'"length", {judge_with},')
    add("hoi_platform.core.filtering.check_rows", "length", text)
    with pytest.raises(ConfigError, match=message):
        judge(good_clip(), FilteringConfig())


def test_a_skipped_check_that_is_not_known_is_refused_before_any_work(add: Add) -> None:
    """A typing error would let a check reject the clips of a task that it says nothing about."""
    add("hoi_platform.core.tasks", "showing", TASK.replace('"object_motion"', '"object_moton"'))
    platform = PlatformResource(profile="full").platform()
    said = r"task 'showing': skipped_checks: unknown check 'object_moton'; did you mean 'object_mot"
    with pytest.raises(ConfigError, match=said):
        platform.require_supported("showing", flow_order())


def test_objects_of_an_unknown_task_are_refused() -> None:
    """A task without a file would be worked on with another's configuration."""
    platform = PlatformResource(profile="full").platform()
    with pytest.raises(ConfigError, match="unknown task 'swimming'; known: manipulation"):
        platform.clip(ObjectId("ComAsset", "mug", "swimming", is_first=False), 1)
