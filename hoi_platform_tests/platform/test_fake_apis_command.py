"""``hoi fake-apis`` as a person starts it: one command, every service, what to export."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import httpx
import openai
import pytest

from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.fake_apis.clock import FakeClock
from hoi_platform.services.fake_apis.faults import FaultPlan, Rates
from hoi_platform.services.fake_apis.kling import FakeKling
from hoi_platform.services.fake_apis.server import free_port
from hoi_platform.services.fake_apis.serving import calling_back, fault_plan
from hoi_platform.services.fake_apis.tasks import Order
from hoi_platform.services.ledger.intent import utc_now
from hoi_platform.services.video.backend import VideoRequest
from hoi_platform.services.video.fal import FalKling
from hoi_platform.services.video.kling.auth import ApiKeySigner, JwtSigner
from hoi_platform.services.video.kling.legacy import LegacyKling
from hoi_platform.services.video.kling.new import NewKling
from hoi_platform.services.video.kling.transport import KlingTransport
from hoi_platform.services.video.remote import RemoteTask, TaskRef, VideoProvider
from hoi_platform_tests.services.video.paid_world import (
    MAKE_VIDEO,
    World,
    make_frames,
    make_request,
)

HOI = "from hoi_platform.cli import main; main()"
NEW_MODEL = {"kling_model_name": "kling-2.5-turbo"}


@contextmanager
def fake_apis(
    *options: str, code: str = HOI, folder: Path = PROJECT_ROOT
) -> Iterator[dict[str, str]]:
    """The running command, with the package of this folder; gives what it says to export."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, "fake-apis", "--port", str(free_port()), *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert process.stdout is not None
    try:
        exported = {}
        for line in process.stdout:
            if not line.startswith("export "):
                break
            name, _, value = line.removeprefix("export ").strip().partition("=")
            exported[name] = value
        yield exported
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def finished(provider: VideoProvider, request: VideoRequest) -> RemoteTask:
    """Order a video; its task ends at once."""
    task = provider.create(request, "hoi-1")
    found = provider.find(TaskRef("hoi-1", task.task_id, provider.model(request)))
    assert found is not None
    return found


def test_one_command_serves_every_service(tmp_path: Path) -> None:
    """A user could not rehearse one of the paid services."""
    request = make_request(make_frames(tmp_path, 1)[0], World.of(FaultPlan()).config())
    with fake_apis("--task-seconds", "0", "--results_dir", str(tmp_path / "r")) as env:
        url = env["KLING_BASE_URL"]
        pair = JwtSigner(env["KLING_ACCESS_KEY"], env["KLING_SECRET_KEY"], utc_now)
        legacy = LegacyKling(KlingTransport(url, pair), "a")
        new = NewKling(KlingTransport(url, ApiKeySigner(env["KLING_API_KEY"])), "a")
        fal = FalKling(env["FAL_BASE_URL"], env["FAL_KEY"], "a")
        assert finished(legacy, request).state in ("succeeded", "processing")
        later = request.config.model_copy(update=NEW_MODEL)
        assert new.create(make_request(request.frame, later), "hoi-2").task_id
        assert finished(fal, request).task_id
        with openai.OpenAI(
            api_key=env["OPENAI_API_KEY"], base_url=env["OPENAI_BASE_URL"]
        ) as client:
            answer = client.chat.completions.create(
                model="gpt-4o",
                messages=[{"role": "user", "content": "Base prompt: A person takes the mug."}],
            )
    assert "takes the mug" in (answer.choices[0].message.content or "")
    assert env["KLING_WEBHOOK_SECRET"].startswith("whsec_")


def test_faults_are_chosen_on_the_command_line() -> None:
    """A user could not see what the platform does when a service fails."""
    with fake_apis("--permanent-faults", "1", "--seed", "3") as env:
        answer = httpx.post(
            f"{env['OPENAI_BASE_URL']}/chat/completions",
            headers={"Authorization": f"Bearer {env['OPENAI_API_KEY']}"},
            json={"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]},
        )
    refused = answer.status_code >= 400 or answer.json()["choices"][0]["message"]["refusal"]
    assert refused


@pytest.mark.parametrize(
    ("seed", "rates", "plan"),
    [
        (None, Rates(), FaultPlan()),
        (4, Rates(), FaultPlan.of_seed(4)),
        (4, Rates(call=0.5), FaultPlan(Rates(call=0.5), 4)),
    ],
)
def test_a_seed_alone_is_a_random_plan(seed: int | None, rates: Rates, plan: FaultPlan) -> None:
    """The same command would not fail in the same way twice, or fail unasked."""
    assert fault_plan(seed, rates) == plan


def test_changes_of_a_state_are_called_back() -> None:
    """Callbacks could not be rehearsed."""
    clock, reported = FakeClock(), Queue[bytes]()
    kling = FakeKling(
        clock.now, MAKE_VIDEO, notify=lambda _url, _headers, body: reported.put(body), run_s=60
    )
    kling.book.add(Order("m", "p", b"", 5.0, "hoi-1", "https://a.example/kling"))
    with calling_back(kling, every_s=0.01):
        first = reported.get(timeout=10)
        clock.sleep(90)
        second = reported.get(timeout=10)
    assert (b'"submitted"' in first, b'"succeed"' in second) == (True, True)
    assert reported.empty()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the packages of the wheel and nothing else of the project."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
    for name in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        shutil.copytree(
            PROJECT_ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def test_the_installed_package_serves_without_the_tests(installed: Path) -> None:
    """The command would need a checkout: a user of the wheel could not rehearse."""
    package = str(installed / "hoi_platform")
    here = f"import hoi_platform; assert hoi_platform.__path__ == [{package!r}]"
    code = f"import sys; sys.modules['hoi_platform_tests'] = None; {here}; {HOI}"
    with fake_apis(code=code, folder=installed) as env:
        answer = httpx.post(
            f"{env['OPENAI_BASE_URL']}/chat/completions",
            headers={"Authorization": f"Bearer {env['OPENAI_API_KEY']}"},
            json={"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]},
        )
    assert answer.status_code == 200
