"""A scene without a support goes through every function that once needed a table."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hoi_platform.core.config.recon_4dhoi import FilteringConfig
from hoi_platform.core.errors import StageError
from hoi_platform.core.filtering.inputs import FilterInput
from hoi_platform.core.filtering.judge import judge
from hoi_platform.core.formats.hoi_npz import read_hoi_npz, write_hoi_npz
from hoi_platform.core.formats.hoi_pickle import from_reference, to_reference
from hoi_platform.core.optimizer.build import build_observations
from hoi_platform.core.optimizer.hoi_model import HoiModel, TensorSpec
from hoi_platform.core.optimizer.holding import holding
from hoi_platform.core.optimizer.interface import HoiResult
from hoi_platform.core.optimizer.prediction import Prediction
from hoi_platform.core.optimizer.record import hoi_data_of
from hoi_platform.core.optimizer.terms.penetration import PenetrationParams, penetration
from hoi_platform.core.optimizer.variables import Variables
from hoi_platform.core.scene.actors import motion_border, static_depth
from hoi_platform.core.scene.parts import BoxSpec, MeshSpec
from hoi_platform.core.scene.performance.kind import PERFORMANCES
from hoi_platform.core.scene.spec import SceneSpec
from hoi_platform_tests.core.filtering.clips import good_clip
from hoi_platform_tests.core.optimizer.planted import Planted, planted
from hoi_platform_tests.core.scene.scenes import THING, floor_scene, stick_person
from hoi_platform_tests.hoi_samples import sample_hoi, stick_body

FLOAT64 = TensorSpec(torch.float64, torch.device("cpu"))


@pytest.fixture(scope="module")
def spec() -> SceneSpec:
    return floor_scene().spec


@pytest.fixture(scope="module")
def clip() -> Planted:
    return planted(frames=6, contact_start=2)


def test_the_object_lies_on_the_floor_in_reach_and_in_view(spec: SceneSpec) -> None:
    """A floor scene would need a table, hide the object or bury it."""
    assert spec.supports == []
    assert spec.statics
    thing = THING.transformed(spec.T_world_object_array())
    assert thing.bounds[0, 2] == pytest.approx(0.0, abs=1e-12)
    checks = {check.name: check for check in floor_scene().checks}
    assert all(check.passed for check in checks.values())
    assert checks["object_visible"].value == 1.0
    assert checks["clearance"].value > 0.3, "the distance to the furniture"
    feet = stick_person().placed(np.array(spec.T_world_person))[0].vertices
    apart = np.linalg.norm(feet[:, None, :2] - thing.vertices[:, :2], axis=-1).min()
    assert apart > 0.05
    other = floor_scene(2).spec
    assert other.T_world_object != spec.T_world_object


def test_it_is_drawn_with_the_floor_behind_the_object(spec: SceneSpec) -> None:
    """Ray casting would crash on a missing table, or see one."""
    camera = spec.camera.camera()
    depth = static_depth(spec)
    p = spec.T_world_object_array()[:3, 3] * [1, 1, 0]
    (u, v), z = camera.project(p[None])[0].astype(int), camera.to_cam(p[None])[0, 2]
    assert depth[v, u] == pytest.approx(z, rel=0.02)


def test_a_performance_s_border_reaches_to_the_shadow_on_the_floor(spec: SceneSpec) -> None:
    """The shadow of a lifted object would stand still in the video."""
    body = np.repeat(stick_person().placed(np.array(spec.T_world_person))[0].vertices[None], 2, 0)
    Ts = np.repeat(spec.T_world_object_array()[None], 2, axis=0)
    Ts[1, 2, 3] += 0.3
    border = motion_border(spec, body, Ts, THING)
    camera = spec.camera.camera()
    for T in Ts:
        uv = camera.project(THING.transformed(T).vertices)
        assert (uv >= [border.x0, border.y0]).all()
        assert (uv <= [border.x1, border.y1]).all()


def test_a_kind_of_performance_that_needs_a_support_says_so(spec: SceneSpec) -> None:
    """The plan would crash on None, in the middle of a night's run."""
    perform = PERFORMANCES.find("manipulation").perform
    message = (
        r"needs an object that lies on a support; it lies on the floor \(supports: none\)\. "
        "Choose a scene of the kind table"
    )
    with pytest.raises(StageError, match=message):
        perform(stick_body(), spec, THING, 12, 12.0, np.random.default_rng(0))


def _penetration(clip: Planted, supports: list[BoxSpec | MeshSpec]) -> float:
    o = clip.inputs
    inputs = replace(o, spec=o.spec.model_copy(update={"supports": supports}))
    model = HoiModel.of(inputs, inputs.track.Ts_world_object, FLOAT64, seed=0)
    observed = build_observations(
        inputs, model, holding(inputs), FLOAT64, 0, np.random.default_rng(0)
    )
    assert len(observed.obstacles) == len(supports)
    prediction = Prediction(model, Variables.zeros(len(model), model.translation))
    return float(penetration(prediction, observed, PenetrationParams()))


def test_the_optimizer_pushes_out_of_every_support_and_needs_none(clip: Planted) -> None:
    """Bodies would go through all supports but the first, or a floor scene not be optimized."""
    none = _penetration(clip, [])
    x, y, z = clip.inputs.spec.T_world_object_array()[:3, 3].tolist()
    box = BoxSpec(pos=(x, y, z), size=(0.6, 0.6, 0.3), turn_rad=(0.0, 0.0, 0.4))
    far = box.shifted(np.array([5.0, 0.0, 0.0]))
    one = _penetration(clip, [box])
    assert one > none + 0.01
    assert _penetration(clip, [far, box]) == pytest.approx(one)
    mesh = MeshSpec.of(box.shape().surface(), pos=(0.0, 0.0, 0.0))
    assert _penetration(clip, [mesh]) == pytest.approx(one, rel=0.05)


def test_the_record_of_a_floor_scene_has_no_table(clip: Planted, tmp_path) -> None:
    """GRAIL's tools would be given a table that is not there."""
    o = clip.inputs
    inputs = replace(o, spec=o.spec.model_copy(update={"supports": []}))
    result = HoiResult(clip.motion, clip.Ts_world_object, {}, {}, {}, {})
    data = hoi_data_of(result, inputs, {}, seed=0)
    assert data.supports == ()
    reference = to_reference(data)
    assert reference["scene_data"] == {}
    assert from_reference(reference).supports == ()
    write_hoi_npz(data, tmp_path / "hoi.npz")
    assert read_hoi_npz(tmp_path / "hoi.npz").supports == ()
    origin = data.packaged().Ts_world_object[0, :2, 3]
    assert origin == pytest.approx([0.0, 0.0])


def test_the_filter_holds_the_object_against_the_floor() -> None:
    """Clips of things on the floor would all be rejected, or floating ones pass."""
    clip = good_clip()
    down = np.array([0.0, 0.0, -0.75])
    Ts = clip.data.Ts_world_object.copy()
    Ts[:, :3, 3] += down
    data = replace(clip.data, Ts_world_object=Ts, supports=())
    lying = replace(clip, data=data, T_world_rendered_object=Ts[0])
    assert _gap(lying) == pytest.approx(0.0, abs=1e-9)
    raised = Ts.copy()
    raised[:, 2, 3] += 0.06
    floating = replace(lying, data=replace(data, Ts_world_object=raised))
    assert _gap(floating) == pytest.approx(0.06)
    table = clip.data.supports
    fallen = replace(clip, data=replace(data, supports=table))
    assert _gap(fallen) == pytest.approx(0.75), "it lay on the table when it was rendered"
    beside = replace(lying, data=replace(data, supports=table))
    assert _gap(beside) == pytest.approx(0.0, abs=1e-9), "it was rendered on the floor"


def _gap(clip: FilterInput) -> float:
    checks = judge(clip, FilteringConfig()).checks
    return float(next(check.value for check in checks if check.name == "support_gap"))


def test_supports_survive_both_files(tmp_path) -> None:
    """A turned table or terrain would be lost between the optimizer and the filter."""
    turned = BoxSpec(pos=(0.5, 1.2, 0.7), size=(1.0, 0.6, 0.04), turn_rad=(0.0, 0.0, np.pi / 2))
    mesh = MeshSpec.of(THING, pos=(1.0, 0.0, 0.0), walkable=True)
    data = replace(sample_hoi(), supports=(mesh, turned))
    write_hoi_npz(data, tmp_path / "hoi.npz")
    assert read_hoi_npz(tmp_path / "hoi.npz").supports == (mesh, turned)
    table = to_reference(data)["scene_data"]["table"]
    assert table["pos"] == pytest.approx([0.5, 1.2, 0.7])
    assert table["size"] == pytest.approx([0.6, 1.0, 0.04])
