"""Keys that were once parsed and ignored, and what they do now."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from hoi_platform.assets.gen_2dhoi.scene_inputs import scene_inputs
from hoi_platform.assets.gen_2dhoi.video_request import request_settings
from hoi_platform.assets.stage import STAGES
from hoi_platform.core.geometry.rotations import matrix_from_axis_angle
from hoi_platform.resources.models import ModelsResource
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.stages import Work
from hoi_platform.services.blender.settle import write_settled_pose
from hoi_platform_tests.core.scene.scenes import settled
from hoi_platform_tests.platform.prepared import DRILL

TURNED = matrix_from_axis_angle(np.array([0.0, 0.5, 0.0]))


class CapturedError(Exception):
    """Carries what a stage was about to work with."""


class NoBodies:
    """Characters without a body."""

    def body(self, _name: str, _character: object) -> None:
        return None


def _nothing(_fraction: float, _text: str) -> None:
    pass


def _inputs(work: Work) -> None:
    raise CapturedError(
        scene_inputs(work, work.clip, cast(ModelsResource, NoBodies()), (1.0, 1.0, 1.0))
    )


def _mesh(work: Work) -> None:
    (work.output("mesh") / "model.obj").write_text("v 0 0 0\n")
    work.output("statistics").write_text("{}")


def _settled(work: Work) -> None:
    write_settled_pose(settled(TURNED), work.output("state"), work.output("pickle"))


@pytest.mark.parametrize("use", [True, False])
def test_use_initial_state_decides_how_the_object_lies(tmp_path: Path, use: bool) -> None:
    """The object would lie as it settled, whatever the file says."""
    overrides: dict[str, Any] = {"gen_2dhoi": {"simulation": {"use_initial_state": use}}}
    platform = PlatformResource(results_dir=str(tmp_path), overrides=overrides).platform()
    stages = platform.stages(STAGES)
    stages.run("object_mesh", DRILL, _mesh, _nothing)
    stages.run("settled_pose", DRILL, _settled, _nothing)
    with pytest.raises(CapturedError) as captured:
        stages.run("scene_render", platform.clip(DRILL, 1), _inputs, _nothing)
    expected = TURNED if use else np.eye(3)
    np.testing.assert_allclose(captured.value.args[0].settled.R_world_object, expected)


def test_the_scene_of_the_file_replaces_the_catalogue_s(tmp_path: Path) -> None:
    """`scene` of GRAIL's pick-up files would be refused or ignored."""
    overrides = {"gen_2dhoi": {"scene": "indoor9"}}
    platform = PlatformResource(results_dir=str(tmp_path), overrides=overrides).platform()
    assert platform.clip(DRILL, 1).scene == "indoor9"


def test_a_paid_request_holds_what_is_sent(tmp_path: Path) -> None:
    """A change of the simulated video's length would buy every paid clip again."""

    def settings(**video: object) -> dict[str, Any]:
        overrides = {"gen_2dhoi": {"video": {"model_api": "kling-ai", **video}}}
        platform = PlatformResource(results_dir=str(tmp_path), overrides=overrides).platform()
        return request_settings(platform.context(platform.clip(DRILL, 1)))

    assert settings() == settings(simulated_frames=33, concurrency=1, video_retry_wait=1.0)
    assert settings() != settings(num_videos=2)
