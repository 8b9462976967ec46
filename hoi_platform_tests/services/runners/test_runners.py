"""The runner contract: a program that keeps it, and one forevery way of breaking it."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hoi_platform.core.config.backends import ModelConfig, RunnerConfig
from hoi_platform.core.errors import MissingResourceError, StageError
from hoi_platform.core.formats.tracks import SceneTracks
from hoi_platform.core.geometry.camera import Camera
from hoi_platform.services.runners.adapters import RunnerBackend, RunnerObjectTracker
from hoi_platform.services.runners.process import runner_environment
from hoi_platform.services.runners.run import Runner
from hoi_platform.services.video.codec import Video
from hoi_platform.services.vision.object_pose import ObjectPoseRequest

STAND_IN = Path(__file__).with_name("stand_in.py")
FRAMES, HEIGHT, WIDTH = 5, 24, 32


def tracker(folder: Path, fault: str, **options: object) -> RunnerObjectTracker:
    """The stand-in in the role of the object's tracker."""
    settings = {"idle_timeout_s": 30.0, **options}
    config = RunnerConfig(command=[sys.executable, str(STAND_IN), fault], **settings)
    runner = Runner("stand-in", config, dict(os.environ))
    return RunnerObjectTracker(
        RunnerBackend("stand-in", "object_pose", ModelConfig(runner=config), runner, folder)
    )


@pytest.fixture
def request_of_a_clip(tmp_path: Path) -> ObjectPoseRequest:
    """Five gray frames and a mask of one pixel."""
    masks = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    masks[:, 5, 5] = True
    depth = np.full(masks.shape, 1.0, np.float32)
    pose = np.eye(4)
    pose[:3, 3] = (0.1, 0.2, 2.0)
    return ObjectPoseRequest(
        video=Video(np.zeros((FRAMES, HEIGHT, WIDTH, 3), np.uint8), 12.0),
        camera=Camera(WIDTH, HEIGHT, 40.0, np.eye(4)),
        tracks=SceneTracks(masks, ~masks, depth, np.ones((FRAMES, 2))),
        mesh_obj=tmp_path / "model.obj",
        scale=(1.0, 1.0, 1.0),
        T_world_object0=pose,
        first_frame_rgb=np.zeros((HEIGHT, WIDTH, 3), np.uint8),
    )


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A folder with a space and a letter beyond ASCII; empty again at the end."""
    folder = tmp_path / "a wörk folder"
    folder.mkdir()
    yield folder
    assert not list(folder.iterdir()), "the runner's files were left behind"


def test_a_program_that_keeps_the_contract_fills_its_role(
    request_of_a_clip: ObjectPoseRequest, scratch: Path
) -> None:
    """No external model could be used, or its poses would be in another frame."""
    reported: list[float] = []
    program = tracker(scratch, "none")
    track = program.track(request_of_a_clip, progress=lambda done, _text: reported.append(done))
    assert reported == [0.1, 0.9]
    assert track.Ts_world_object == pytest.approx(
        np.tile(request_of_a_clip.T_world_object0, (FRAMES, 1, 1))
    )
    assert program.backend.report is not None
    assert program.backend.report.versions == {"stand-in": "1"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("wrong_length", r"shape \(6, 4, 4\), not \(5, 4, 4\)"),
        ("nan", "not finite"),
        ("no_rotation", "not rotations"),
        ("absent_array", "confidence is absent"),
        ("half_a_file", "is no readable npz"),
        ("odd_report", "result.json that breaks the contract"),
        ("nothing", "without a result.json"),
        ("crash", "status 1.*the model fell over"),
        ("segfault", "by signal 11"),
        ("killed", "ran out of memory.*signal 9"),
        ("out_of_memory_text", "ran out of memory.*lower the video's size"),
        ("no_detection", "the object is in no frame"),
    ],
)
def test_a_broken_program_fails_the_clip_with_the_reason(
    request_of_a_clip: ObjectPoseRequest, scratch: Path, fault: str, said: str
) -> None:
    """A wrong or missing result would be used, or nobody would learn what went wrong."""
    with pytest.raises(StageError, match=f"(?s){said}"):
        tracker(scratch, fault).track(request_of_a_clip)


def test_missing_weights_name_the_cure(request_of_a_clip: ObjectPoseRequest, scratch: Path) -> None:
    """The user would not know what to download."""
    with pytest.raises(MissingResourceError, match="no checkpoint at /w; hf download nobody/model"):
        tracker(scratch, "missing_weights").track(request_of_a_clip)


def test_a_missing_program_names_the_setting(
    request_of_a_clip: ObjectPoseRequest, scratch: Path
) -> None:
    """A typing error in runner.command would surface as a FileNotFoundError of Python."""
    program = tracker(scratch, "none")
    program.backend.runner.config = RunnerConfig(command=["/no/such/python"])
    with pytest.raises(MissingResourceError, match=r"/no/such/python.*correct runner\.command"):
        program.track(request_of_a_clip)


def test_a_hanging_program_is_ended_with_its_children(
    request_of_a_clip: ObjectPoseRequest, tmp_path: Path
) -> None:
    """It would hold the GPU forever; its child would outlive it, since it ignores SIGTERM."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    children: list[int] = []

    def note(_fraction: float, _text: str) -> None:
        for _ in range(100):
            if found := list(folder.rglob("child.pid")):
                children.append(int(found[0].read_text()))
                return
            time.sleep(0.05)

    with pytest.raises(StageError, match="no progress for"):
        tracker(folder, "hang", idle_timeout_s=5.0).track(request_of_a_clip, progress=note)
    assert children
    assert not _is_running(children[0])


def test_a_greedy_program_is_ended_at_its_limit(
    request_of_a_clip: ObjectPoseRequest, scratch: Path
) -> None:
    """It would take the machine's memory from everything else."""
    with pytest.raises(StageError, match=r"ran out of memory.*memory_limit_mb 200"):
        tracker(scratch, "greedy", memory_limit_mb=200.0).track(request_of_a_clip)


def test_a_flood_of_words_does_no_harm(request_of_a_clip: ObjectPoseRequest, scratch: Path) -> None:
    """A full pipe would block the program, or its chatter would fill our memory."""
    assert len(tracker(scratch, "flood").track(request_of_a_clip)) == FRAMES


def test_a_served_program_stays_warm_and_is_started_anew_after_its_death(
    request_of_a_clip: ObjectPoseRequest, scratch: Path
) -> None:
    """Weights would be loaded forevery clip, or one death would end all later clips."""
    program = tracker(scratch, "dies_on_second", serve=True)
    program.track(request_of_a_clip)
    with pytest.raises(StageError, match="status 7"):
        program.track(request_of_a_clip)
    assert len(program.track(request_of_a_clip)) == FRAMES
    program.backend.runner.close()


def test_a_runner_sees_no_key_of_a_paid_service() -> None:
    """Any model's code could read the account's keys."""
    environ = {"PATH": "/bin", "KLING_SECRET_KEY": "s", "OPENAI_API_KEY": "k", "MINE": "1"}
    config = RunnerConfig(command=["x"], pass_env=["MINE"], env={"SET": "2"})
    assert runner_environment(config, environ) == {"PATH": "/bin", "MINE": "1", "SET": "2"}


def _is_running(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
