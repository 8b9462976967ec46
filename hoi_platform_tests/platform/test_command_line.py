"""What every command does before it begins: mistakes, variables, ports, completion, the doctor."""

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from hoi_platform.cli import status_of
from hoi_platform.commands import completion
from hoi_platform.commands.checkup import Finding, imported
from hoi_platform.commands.checkup_use import disks, keys, ports
from hoi_platform.commands.ports import port_trouble
from hoi_platform.pipelines import gen_2dhoi, recon_4dhoi
from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform_tests.platform.processes import HOI, run

DRILL = ["--dataset", "ComAsset", "--category", "cordless_drill"]
TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 3 1 4\n"
PIPELINES: dict[str, Callable[[list[str]], int]] = {
    "gen_2dhoi": gen_2dhoi.main,
    "recon_4dhoi": recon_4dhoi.main,
}

# Words, what the one line says. MESH and RESULTS are replaced; no folder is made.
MISTAKES: list[tuple[list[str], str]] = [
    (["demo", "--seeds", "0"], "each must be from 1 to 128"),
    (["demo", "--seeds", "129"], "each must be from 1 to 128"),
    (["demo", "--seeds", "one"], "not of the form"),
    (["demo", "--character", "bob"], "no character 'bob'"),
    (["demo", "--category", "cordles_drill"], "did you mean 'ComAsset/cordless_drill'?"),
    (["demo", "--task", "juggling"], "known: manipulation"),
    (["demo", "--profile", "fast"], "'demo', 'full'"),
    (["demo", "--colour", "red"], "see `hoi demo --help`"),
    (["bench", "clips", "--seeds", "1-200"], "each must be from 1 to 128"),
    (["bench", "clips", "--objects", "unicorn"], "unicorn"),
    (["objects", "add", "MESH", *DRILL, "--scene", "nowhere"], "unknown scene 'nowhere'"),
    (["objects", "add", "MESH", *DRILL, "--scale", "-1"], "objects add"),
    (["objects", "add", "gone.obj", *DRILL], "does not exist"),
    (["objects", "list", "--task", "juggling"], "known: manipulation"),
    (["status", "--state", "lost"], "known: done"),
    (["clips", "--failed", "beauty"], "known: finite_values"),
    (["why", "nonsense"], "rand00001"),
    (["ledger", "list", "--state", "lost"], "known: reserved"),
    (["ledger", "resume", "--character", "bob"], "no character 'bob'"),
    (["ledger", "settle", "1"], "give one of"),
    (["serve", "--port", "80000"], "80000 is no port; choose one from 1 to 65535"),
    (["ui", "--port", "0"], "0 is no port"),
    (["ui", "--files_port", "70000"], "70000 is no port"),
    (["ui", "--port", "3055", "--files_port", "3055"], "give each its own"),
    (["callbacks", "--port", "-1"], "-1 is no port"),
    (["fake-apis", "--port", "99999"], "99999 is no port"),
    (["migrate", "--profile", "fast"], "'demo', 'full'"),
    (["gen_2dhoi", "--character", "bob"], "no character 'bob'"),
    (["gen_2dhoi", "--num_rand_scenes", "129"], "num_rand_scenes"),
    (["gen_2dhoi", "--job_chunk_idx", "3"], "--job_chunk_idx 3"),
    (["gen_2dhoi", "--category", "mug"], "--category needs --dataset"),
    (["recon_4dhoi", "--character", "bob"], "no character 'bob'"),
    (["recon_4dhoi"], "no video under"),
]
# Variable, a value that cannot be, what the one line says.
VARIABLES = [
    ("HOI_PROFILE", "fast", "unknown profile 'fast'; known: demo, full"),
    ("HOI_CONFIG_DIR", "/nowhere", "there is no folder /nowhere"),
    ("HOI_RESULTS_DIR", "/dev/null/results", "/dev/null is a file; name a folder"),
    ("HOI_CACHE_DIR", "/dev/null", "/dev/null is a file; name a folder"),
    ("HOI_BLENDER", "/nowhere/blender", "there is no file /nowhere/blender"),
    ("HOI_FILES_URL", "localhost", "write it like http://"),
    ("HOI_LEDGER_URL", "mysql://a/b", "use sqlite:///path or postgresql://"),
]
READERS = (["clips"], ["status"], ["demo"], ["ledger", "list"], ["objects", "list"], ["gen_2dhoi"])


def status_and_errors(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command in this process."""
    name, *flags = words
    status = PIPELINES[name](flags) if name in PIPELINES else status_of(words)
    shown = capsys.readouterr()
    return status, shown.out, shown.err


@pytest.mark.parametrize(
    ("words", "said"), MISTAKES, ids=[" ".join(words) for words, _ in MISTAKES]
)
def test_a_mistake_ends_a_command_before_any_work(
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A mistyped word would be found after an hour, or be reported in a stack trace."""
    mesh = tmp_path / "box.obj"
    mesh.write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    monkeypatch.setenv("HOI_RESULTS_DIR", str(tmp_path / "results"))
    words = [str(mesh) if word == "MESH" else word for word in words]
    status, output, errors = status_and_errors(words, capsys)
    assert (status, output) == (2, ""), errors
    assert said in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(("name", "value", "said"), VARIABLES)
def test_a_variable_that_cannot_be_ends_every_command(
    name: str,
    value: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some commands would heed a variable, others ignore it or fail later."""
    monkeypatch.setenv(name, value)
    for words in READERS:
        status, output, errors = status_and_errors(words, capsys)
        assert (status, output) == (2, ""), words
        assert said in errors
        assert name in errors
        assert errors.count("\n") == 1


def test_the_profile_of_the_environment_holds_for_the_reference_s_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HOI_PROFILE would hold for some commands alone, and make results that others call stale."""
    from hoi_platform.pipelines.gen_2dhoi import _resource, parser

    flags = [*DRILL, "--results_dir", str(tmp_path)]
    assert _resource(parser().parse_args(flags)).platform().profile == "full"
    monkeypatch.setenv("HOI_PROFILE", "demo")
    assert _resource(parser().parse_args(flags)).platform().profile == "demo"
    flagged = parser().parse_args([*flags, "--profile", "full"])
    assert _resource(flagged).platform().profile == "full"


def test_version_and_mistakes_in_a_fresh_process(tmp_path: Path) -> None:
    """The console script would end otherwise than the function that tests call."""
    ended = run([*HOI, "--version"])
    assert (ended.status, ended.errors) == (0, "")
    assert ended.output.startswith("hoi 0.")
    ended = run([*HOI, "serve", "--port", "80000", "--results_dir", str(tmp_path / "r")])
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.count("\n") == 1


@pytest.fixture
def busy_port() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_busy_port_is_one_line(
    busy_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server would end in a library's stack trace, or `hoi ui` restart it without end."""
    assert "another program listens there" in port_trouble(busy_port)
    for command in ("serve", "ui", "fake-apis"):
        words = [command, "--port", str(busy_port), "--results_dir", str(tmp_path)]
        status, _, errors = status_and_errors(words, capsys)
        assert status == 2
        assert f"--port {busy_port}: another program listens there; give another" in errors


@pytest.mark.parametrize(
    ("most_bytes", "said"),
    [(64, "could not be written (File too large)"), (40_000, "Dagster's database could not")],
    ids=["the results", "Dagster's home"],
)
def test_a_full_disk_is_one_line_with_the_cure(most_bytes: int, said: str, tmp_path: Path) -> None:
    """A person would read a stack trace of a library and not learn which disk is meant."""
    mesh = tmp_path / "box.obj"
    mesh.write_text(TETRAHEDRON)
    words = ["objects", "add", str(mesh), "--dataset", "Mine", "--category", "box"]
    done = subprocess.run(
        [sys.executable, *HOI, *words, "--scale", "1", "--results_dir", str(tmp_path / "r")],
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT), "DAGSTER_HOME": str(tmp_path / "home")},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)),
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr
    assert "run the same command again" in done.stderr


def test_a_results_folder_below_a_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A results folder that cannot be made would end in a stack trace."""
    mesh = tmp_path / "box.obj"
    mesh.write_text(TETRAHEDRON)
    words = ["objects", "add", str(mesh), "--dataset", "Mine", "--category", "box"]
    below = ["--scale", "1", "--results_dir", str(mesh / "results")]
    status, _, errors = status_and_errors([*words, *below], capsys)
    assert status in (1, 2)
    assert str(mesh) in errors
    assert errors.count("\n") == 1


def test_a_shell_completes_objects_stages_and_clips(tmp_path: Path) -> None:
    """Ids of sixty characters would have to be typed."""
    folder = tmp_path / "generation" / "records" / "scene_render" / "ComAsset" / "mug"
    folder.mkdir(parents=True)
    (folder / "kid_room_rand00001.json").touch()
    (folder / ".kid_room_rand00002.json.tmp").touch()
    context = typer.Context(_command())
    context.params = {"results_dir": str(tmp_path), "dataset": "ComAsset"}
    assert completion.clips(context, "Com") == ["ComAsset/mug/kid_room_rand00001"]
    assert completion.clips(context, "X") == []
    assert "cordless_drill" in completion.categories(context, "cord")
    assert "ComAsset/mug" in completion.objects(context, "ComAsset/m")
    assert completion.stages(context, "scene_r") == ["scene_render"]
    assert completion.tasks(context, "") == ["manipulation"]
    assert "kid" in completion.characters(context, "")
    assert "contact" in completion.checks(context, "con")


def _command() -> typer.core.TyperCommand:
    from hoi_platform.cli import app

    found = typer.main.get_command(app).commands["why"]  # type: ignore[attr-defined]
    assert isinstance(found, typer.core.TyperCommand)
    return found


def test_completion_in_a_shell(tmp_path: Path) -> None:
    """What a shell calls would print nothing, or a mistake into the user's line."""
    folder = tmp_path / "generation" / "records" / "scene_render" / "ComAsset" / "mug"
    folder.mkdir(parents=True)
    (folder / "kid_room_rand00001.json").touch()
    ended = run(
        list(HOI),
        _HOI_COMPLETE="complete_bash",
        COMP_WORDS="hoi why ComAsset/m",
        COMP_CWORD="2",
        HOI_RESULTS_DIR=str(tmp_path),
    )
    assert (ended.output.split(), ended.errors) == (["ComAsset/mug/kid_room_rand00001"], "")


def found(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


def test_the_doctor_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is installed and broken would be called healthy."""
    assert imported("av").state == "ok"
    assert imported("no-such-package").state == "missing"
    broken = imported("hoi-platform")  # a name of a distribution that is no module
    assert broken.state == "wrong"
    assert "cannot be imported: ModuleNotFoundError" in broken.found


def test_the_doctor_knows_keys_by_their_form() -> None:
    """A key with a line break or half a pair would fail at night, after the objects were made."""
    environ = {
        "OPENAI_API_KEY": "sk-1234567890",
        "KLING_ACCESS_KEY": "abcdefghij",
        "FAL_KEY": "no-colon-in-it",
        "KLING_API_KEY": "'quoted-key'",
        "KLING_WEBHOOK_SECRET": "whsec_abc def",
    }
    by_name = found(keys(environ))
    assert by_name["OpenAI key"].state == "ok"
    assert by_name["Kling key pair"].found == "without KLING_SECRET_KEY"
    assert "in quotes" in by_name["Kling key"].found
    assert "…:…" in by_name["fal key"].found
    assert "spaces" in by_name["Kling webhook secret"].found
    assert [f.state for f in by_name.values()].count("wrong") == 4
    shown = json.dumps([tuple(finding) for finding in by_name.values()])
    assert not any(value in shown for value in environ.values())
    assert {f.state for f in keys({})} == {"absent"}


def test_the_doctor_tries_ports_and_disks(tmp_path: Path) -> None:
    """A disk that is mounted read-only would be found by the first run."""
    assert {f.what for f in ports()} == {"port 3000", "port 3070"}
    (tmp_path / "file").touch()
    assert found(disks(tmp_path / "new"))["results"].state == "ok"
    assert not list(tmp_path.glob("new"))
    wrong = found(disks(Path("/proc")))["results"]
    assert wrong.state == "wrong"
    assert "--results_dir" in wrong.cure
