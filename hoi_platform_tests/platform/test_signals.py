"""SIGINT and SIGTERM, sent to real commands at several moments."""

import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from hoi_platform.core.clip import ClipId
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.ledger.database import open_ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform_tests.platform.conftest import SMALL_GEN, small_config
from hoi_platform_tests.platform.prepared import DRILL, prepare
from hoi_platform_tests.platform.processes import Ended, Running, run, running
from hoi_platform_tests.platform.stand_ins import orders
from hoi_platform_tests.services.video.paid_world import make_frames

INT, TERM = signal.SIGINT, signal.SIGTERM
CLIP = ClipId(DRILL, "kid", "indoor2-manipulation", 1)
AT_ONCE_S = 15.0
"""Longest way to the end on a busy machine; about 1 s on an idle one."""

KLING = {
    "rendering": {"num_rand_scenes": 2},
    "video": {"model_api": "kling-ai", "video_retry_wait": 0.2, "video_max_polls": 1000},
}


def gen(results: Path, config: Path) -> list[str]:
    flags = ["--dataset", "ComAsset", "--category", "cordless_drill", "--character", "kid"]
    files = ["--results_dir", str(results), "--config", str(config)]
    return ["-m", "hoi_platform.pipelines.gen_2dhoi", *flags, *files]


def recon(results: Path, configs: tuple[Path, Path]) -> list[str]:
    gen_config, config = configs
    flags = ["--dataset", "ComAsset", "--category", "cordless_drill", "--gen_config"]
    files = [str(gen_config), "--results_dir", str(results), "--config", str(config)]
    return ["-m", "hoi_platform.pipelines.recon_4dhoi", *flags, *files]


def assert_stopped(command: Running, ended: Ended, number: signal.Signals) -> None:
    """It ended by this signal, at once, said so, started nothing more and left nothing behind."""
    assert ended.status == 128 + number, ended.errors
    assert ended.seconds < AT_ONCE_S
    assert f"stopped by {number.name}" in ended.errors
    assert "Traceback" not in ended.errors
    assert command.left_behind() == []
    with dg.DagsterInstance.get() as instance:
        running_still = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        assert instance.get_runs_count(running_still) == 0


def staged(results: Path) -> list[Path]:
    """Files of stages that did not finish."""
    files = (path for path in (results / ".staging").rglob("*") if path.is_file())
    return [path for path in files if path.parent.name != "locks"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each moment goes on where the one before was stopped."""
    return tmp_path_factory.mktemp("signals")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "after_s", "number"),
    [
        pytest.param("object_mesh", 0.0, INT, marks=pytest.mark.long),
        ("settled_pose", 0.5, TERM),  # Blender starts, or drops the object
        ("scene_render", 2.0, INT),  # Blender renders the frame
        # Blender renders the video.
        pytest.param("interaction_video", 4.0, TERM, marks=pytest.mark.long),
    ],
)
def test_a_signal_stops_a_run_at_once(
    stage: str, after_s: float, number: signal.Signals, folder: Path
) -> None:
    """The next clip would be started, Blender would go on rendering, or a half file be kept."""
    simulated = {**SMALL_GEN, "rendering": {**SMALL_GEN["rendering"], "num_rand_scenes": 2}}
    config = small_config(folder, "gen_2dhoi", "manipulation", simulated)
    results = folder / "results"
    done = sorted((results / "generation" / "records").rglob("*.json"))
    before = {path: path.read_bytes() for path in done}
    with running(gen(results, config)) as command:
        command.wait_for(stage)
        time.sleep(after_s)
        ended = command.stop(number)
        assert_stopped(command, ended, number)
    assert ended.output.strip() == ""
    assert staged(results) == []
    assert {path: path.read_bytes() for path in done} == before


@pytest.mark.long
def test_what_was_stopped_goes_on_to_its_end(folder: Path) -> None:
    """A stopped run would have lost or damaged what it had made."""
    ended = run(gen(folder / "results", folder / "gen_2dhoi.yaml"))
    assert ended.status == 0, ended.output
    assert "done already" in ended.output


@pytest.mark.long
@pytest.mark.parametrize(
    ("stage", "after_s", "number"),
    [
        ("human_pose", 2.0, TERM),  # MediaPipe looks at the video, or the body is fitted
        ("reconstruction", 2.0, INT),  # the optimizer iterates
    ],
)
def test_a_signal_stops_a_reconstruction_at_once(
    stage: str,
    after_s: float,
    number: signal.Signals,
    clip_results: Path,
    small_configs: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    """MediaPipe or the optimizer would go on for minutes, or a half result be kept."""
    results = tmp_path / "results"
    shutil.copytree(clip_results, results)
    store = ArtifactStore(results)
    store.remove(stage, CLIP)
    with running(recon(results, small_configs)) as command:
        command.wait_for(stage)
        time.sleep(after_s)
        assert_stopped(command, command.stop(number), number)
    assert staged(results) == []
    assert store.record(stage, CLIP) is None
    ended = run(recon(results, small_configs))
    assert ended.status == 0, ended.output
    assert store.record(stage, CLIP) is not None


@pytest.fixture
def clips(kling: FakeKling, tmp_path: Path) -> list[str]:
    """The command that buys the videos of two clips whose frames are there."""
    config = small_config(tmp_path, "gen_2dhoi", "manipulation", KLING)
    resource = PlatformResource(
        results_dir=str(tmp_path),
        profile="full",
        gen_config=str(config),
        overrides={"gen_2dhoi": {"character": "kid"}},
    )
    prepare(resource, make_frames(tmp_path, 1)[0], range(1, 3))
    return [*gen(tmp_path, config), "--skip_step1", "--skip_step3"]


@pytest.mark.parametrize("number", [pytest.param(INT, marks=pytest.mark.long), TERM])
def test_waiting_for_a_bought_video_is_stopped_at_once(
    number: signal.Signals, kling: FakeKling, clips: list[str]
) -> None:
    """A run would hold the terminal for the hours of its tasks, or buy them again afterwards."""
    with running(clips) as command:
        command.wait_for("interaction_video")
        time.sleep(1.0)
        assert_stopped(command, command.stop(number), number)
    assert orders(kling) == 2
    for task in kling.book.tasks:
        task.run_s = 0.0
    assert run(clips).status == 0
    assert orders(kling) == 2


@pytest.mark.parametrize(
    "seed", [pytest.param(s, marks=[pytest.mark.long] * (s > 0)) for s in range(10)]
)
def test_stopped_at_any_moment_nothing_is_bought_twice(
    seed: int, kling: FakeKling, clips: list[str], tmp_path: Path
) -> None:
    """A signal between an order and its entry in the ledger would cost a video."""
    rng = random.Random(seed)
    for _ in range(3):
        with running(clips) as command:
            command.wait_for(("video_task", "interaction_video"))
            time.sleep(rng.uniform(0.0, 1.5))
            ended = command.stop(rng.choice([INT, TERM]))
            assert ended.status in (130, 143), ended.errors
            assert command.left_behind() == []
    kling.book.run_s = 0.0  # of a clip that was not reached yet
    for task in kling.book.tasks:
        task.run_s = 0.0
    ended = run(clips)
    assert ended.status == 0, ended.output
    assert orders(kling) == 2
    rows = open_ledger(f"sqlite:///{tmp_path}/ledger/ledger.db").rows()
    assert [row.state for row in rows] == [RequestState.DELIVERED] * 2


STUBBORN = """
import time
from hoi_platform.services.blender.service import BlenderService
from hoi_platform.services.interruption import stopped_by_signals
blender = BlenderService(test_operations=True)
with stopped_by_signals():
    blender.call("version", {})
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("cleaning up", flush=True)
        time.sleep(60)
"""


def test_a_second_signal_stops_hard() -> None:
    """A command that hangs while it cleans up could only be killed, and Blender would stay."""
    with running(["-c", STUBBORN]) as command:
        command.wait_for("ready")
        command.process.send_signal(INT)
        command.wait_for("cleaning up")
        time.sleep(1.0)
        ended = command.stop(TERM)
        assert (ended.status, ended.seconds < 5.0) == (143, True)
        assert command.left_behind() == []


TERMINAL = """
import fcntl, signal, sys, termios, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from hoi_platform.services.interruption import received, stopped_by_signals
with stopped_by_signals():
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("nobody reads this", flush=True)
        open(sys.argv[1], "w").write(str(received().value))
"""


def test_a_closed_terminal_stops_a_run_cleanly(tmp_path: Path) -> None:
    """Closing the window would kill a run in the middle of a write, or leave it running."""
    said = tmp_path / "said"
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINAL, str(said)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    assert os.read(leader, 100).startswith(b"ready")
    os.close(leader)  # the kernel hangs up
    try:
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    assert said.read_text() == str(signal.SIGHUP.value)


def test_a_run_under_nohup_outlives_its_terminal() -> None:
    """``nohup`` would be without effect."""
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "from hoi_platform.services.interruption import stopped_by_signals\n"
        "with stopped_by_signals(): os.kill(os.getpid(), signal.SIGHUP); print('goes on')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "goes on\n"


TWICE = """
import time
from hoi_platform.services.interruption import stopped_by_signals
with stopped_by_signals():
    try:
        print("ready", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(1.5)
        print("cleaned up", flush=True)
"""


def test_a_signal_and_its_echo_are_one() -> None:
    """timeout(1) signals its command and then its group: cleaning up would always be cut off."""
    with running(["-c", TWICE]) as command:
        command.wait_for("ready")
        command.process.send_signal(TERM)
        time.sleep(0.05)
        ended = command.stop(TERM)
    assert (ended.status, ended.output) == (0, "cleaned up\n")


DROPPED = """
import time
from hoi_platform.services.interruption import stopped_by_signals
class Deaf:
    def __del__(self):
        print("ready", flush=True)
        time.sleep(1)
with stopped_by_signals():
    try:
        Deaf()
        time.sleep(60)
    except KeyboardInterrupt:
        print("stopped")
"""

SWALLOWED = """
import time
from hoi_platform.services.interruption import check_stopped, stopped_by_signals
with stopped_by_signals():
    try:
        print("ready", flush=True)
        time.sleep(60)
    except BaseException:
        pass
    try:
        check_stopped()
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.parametrize("script", [DROPPED, SWALLOWED])
def test_a_stop_that_is_lost_on_its_way_still_stops(script: str) -> None:
    """Python drops exceptions in finalizers, libraries swallow them: the run would go on."""
    with running(["-c", script]) as command:
        command.wait_for("ready")
        ended = command.stop(INT)
    assert (ended.output, ended.errors) == ("stopped\n", "")
    assert ended.seconds < AT_ONCE_S
