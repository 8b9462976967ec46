"""Every command as a process of its own: its help, and one real use."""

import importlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import click
import pytest
import typer

from hoi_platform.cli import app
from hoi_platform.services.fake_apis.server import free_port
from hoi_platform_tests.platform.processes import HOI, Ended, run, running

PIPELINES = ("gen_2dhoi", "recon_4dhoi")
OBJECT = ["--dataset", "ComAsset", "--category", "mug"]


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command below a group."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path
    else:
        for name, child in below.items():
            yield from leaves(child, (*path, name))


COMMANDS = sorted(leaves(typer.main.get_command(app)))

BOX = "v 0 0 0\nv 1 0 0\nv 1 2 0\nv 0 2 0\nv 0 0 3\nv 1 0 3\nv 1 2 3\nv 0 2 3\n"
FACES = "f 4 3 2 1\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n"

# Words after the command, its exit status, what it must print. RESULTS and MESH are replaced.
USES: dict[tuple[str, ...], tuple[list[str], int, str]] = {
    ("approve",): (["99", "--results_dir", "RESULTS"], 1, "it has no ledger"),
    ("bench", "clips"): (["--seeds", "x"], 2, "seeds 'x' are not of the form"),
    ("bench", "ledger"): (["--databases", "oracle"], 1, "known: sqlite, postgresql"),
    ("bench", "optimizer"): (["--frames", "12", "--width", "160"], 0, "peak memory"),
    ("bench", "platform"): (["--parts", "nonsense"], 1, "known: "),
    ("bench", "recon"): (["nonsense"], 1, "unknown part 'nonsense'; known: tuning"),
    ("clean",): (["--leftovers", "--results_dir", "RESULTS"], 0, "0 files and folders"),
    ("clips",): (["--results_dir", "RESULTS"], 0, "Clips"),
    ("config", "explain"): (["configs/gen_2dhoi/manipulation.yaml"], 0, "drop_height"),
    ("demo",): (["--category", "nothing"], 2, "nothing"),
    ("doctor",): ([], 0, "Backends"),
    ("grow",): (["--dry_run", "--results_dir", "RESULTS"], 0, "cells for 0.00 USD"),
    ("import",): (["RESULTS", "--results_dir", "RESULTS"], 1, "has no clip of the reference"),
    ("ledger", "accept"): (
        ["99", "--results_dir", "RESULTS"],
        1,
        "no row is, or begins with, '99'",
    ),
    ("ledger", "fetch"): (["99", "--results_dir", "RESULTS"], 1, "no row is, or begins with, '99'"),
    ("ledger", "list"): (["--results_dir", "RESULTS"], 0, ""),
    ("ledger", "recheck"): (["99", "--results_dir", "RESULTS"], 1, "begins with, '99'"),
    ("ledger", "reopen"): (["nobody", "--results_dir", "RESULTS"], 1, "known: none"),
    ("ledger", "resume"): (["--results_dir", "RESULTS"], 0, "0 open"),
    ("ledger", "settle"): (["99", "--not-accepted", "--results_dir", "RESULTS"], 1, "99"),
    ("ledger", "show"): (["99", "--results_dir", "RESULTS"], 1, "99"),
    ("ledger", "spend"): (["--results_dir", "RESULTS"], 0, ""),
    ("migrate",): (["--results_dir", "RESULTS"], 0, "nothing to migrate"),
    ("objects", "add"): (["MESH", *OBJECT[:2], "--category", "crate"], 0, "12 faces"),
    ("objects", "check"): (OBJECT, 0, "ComAsset/mug"),
    ("objects", "list"): ([], 0, "cordless_drill"),
    ("objects", "register"): (["ComAsset", "--results_dir", "RESULTS"], 0, "registered"),
    ("objects", "remove"): (OBJECT, 1, "mug"),
    ("release",): (["first", "--results_dir", "RESULTS"], 1, "nothing to release under"),
    ("run",): (["--objects", "nothing", "--results_dir", "RESULTS"], 2, "no object 'nothing'"),
    ("status",): (["--results_dir", "RESULTS"], 0, "no clip under"),
    ("stop",): (["0123", "--results_dir", "RESULTS"], 1, "no run that works or waits"),
    ("why",): (
        ["ComAsset/mug/kid_room_rand00001", "--results_dir", "RESULTS"],
        1,
        "no record of clip",
    ),
}

SLOW = {("bench", "optimizer")}

# Servers: the options of their ports, and a page that answers.
SERVERS: dict[tuple[str, ...], tuple[str, str]] = {
    ("callbacks",): ("--port", "/"),
    ("fake-apis",): ("--port", "/"),
    ("serve",): ("--port", "/"),
    ("ui",): ("--files_port", "/"),
}


def test_every_command_has_a_use_here() -> None:
    """A new command would never be started as a user starts it."""
    assert set(COMMANDS) == set(USES) | set(SERVERS)


def firsts() -> Iterator[tuple[str, ...]]:
    """The first command of each group, and of those without one."""
    seen = set()
    for command in COMMANDS:
        if (group := command[:-1]) not in seen:
            seen.add(group)
            yield command


@pytest.mark.parametrize(
    "command",
    [pytest.param(c, marks=[pytest.mark.long] * (c not in set(firsts()))) for c in COMMANDS],
    ids=" ".join,
)
def test_help_of_every_command(command: tuple[str, ...]) -> None:
    """A command could not even be loaded in a fresh process."""
    ended = run([*HOI, *command, "--help"])
    assert (ended.status, ended.errors) == (0, "")
    assert "Usage" in ended.output


@pytest.mark.parametrize(
    "command",
    [pytest.param(c, marks=[pytest.mark.long] * (c in SLOW)) for c in USES],
    ids=" ".join,
)
def test_one_use_of_every_command(command: tuple[str, ...], tmp_path: Path) -> None:
    """A command would crash in a fresh process, and its tests pass inside another's imports."""
    mesh = tmp_path / "crate.obj"
    mesh.write_text(BOX + FACES)
    words, status, said = USES[command]
    places = {"RESULTS": str(tmp_path / "results"), "MESH": str(mesh)}
    words = [places.get(word, word) for word in words]
    if command[0] == "objects":
        words += ["--results_dir", str(tmp_path / "results")]
    ended = run([*HOI, *command, *words], HOI_CACHE_DIR=_cache())
    assert ended.status == status, ended
    assert said in ended.output + ended.errors
    assert "Traceback" not in ended.errors
    if status:
        assert ended.errors.count("\n") == 1, ended.errors


@pytest.mark.parametrize("command", SERVERS, ids=" ".join)
def test_servers_answer_until_they_are_stopped(command: tuple[str, ...], tmp_path: Path) -> None:
    """A page would not come up, or its processes outlive it."""
    option, page = SERVERS[command]
    port = free_port()
    words = [option, str(port), "--results_dir", str(tmp_path)]
    if command == ("ui",):
        words += ["--port", str(free_port())]
    secret = "whsec_" + "c2VjcmV0LXNlY3JldA=="
    env = {"KLING_WEBHOOK_SECRET": secret, "KLING_ACCESS_KEY": "a", "KLING_SECRET_KEY": "b" * 32}
    with running([*HOI, *command, *words], **env) as server:
        assert _answers(f"http://127.0.0.1:{port}{page}", server.process.poll)
        server.stop(signal.SIGTERM)
        assert server.left_behind(30.0) == []


@pytest.mark.parametrize("name", PIPELINES)
def test_help_of_both_pipelines(name: str) -> None:
    """The reference's command line could not be loaded in a fresh process."""
    importlib.import_module(f"hoi_platform.pipelines.{name}")
    ended = run(["-m", f"hoi_platform.pipelines.{name}", "--help"])
    assert (ended.status, ended.errors) == (0, "")
    assert "--job_chunk_idx" in ended.output


def test_a_dry_run_in_a_fresh_process(tmp_path: Path) -> None:
    """The step before spending would crash."""
    ended = _pipeline("gen_2dhoi", tmp_path, "--dry_run")
    assert (ended.status, ended.errors) == (0, "")
    assert "nothing was sent" in ended.output


def _pipeline(name: str, results: Path, *flags: str) -> Ended:
    module = f"hoi_platform.pipelines.{name}"
    return run(["-m", module, *OBJECT, "--results_dir", str(results), *flags])


def _cache() -> str:
    """Bodies that other tests have made; the first construction takes a minute."""
    import os

    from hoi_platform.resources.platform import PROJECT_ROOT

    return os.environ.get("HOI_CACHE_DIR", str(PROJECT_ROOT / ".hoi_cache"))


def _answers(url: str, poll: Callable[[], int | None], patience_s: float = 120.0) -> bool:
    """Whether anything answers before the server ends."""
    from urllib.error import HTTPError, URLError

    deadline = time.monotonic() + patience_s
    while poll() is None and time.monotonic() < deadline:
        try:
            urlopen(url, timeout=5)
        except HTTPError:
            return True
        except (URLError, OSError):
            time.sleep(0.2)
        else:
            return True
    return False
