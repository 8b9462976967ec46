"""The pages of README and docs: links lead somewhere, commands and flags exist."""

import argparse
import importlib.util
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest
import typer
import yaml
from typer.core import TyperCommand, TyperGroup

from hoi_platform.cli import app
from hoi_platform.pipelines import gen_2dhoi, recon_4dhoi
from hoi_platform_tests.pages import PAGES, ROOT, blocks

Command = TyperCommand | TyperGroup

_LINK: Final = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)")
_INDENTED: Final = re.compile(r"(?:^ {4}.+\n)+", re.MULTILINE)
_START: Final = re.compile(
    r"^(?:\S*/)?(?:hoi|pytest|make|(?:\S*/)?python -m (hoi_platform[\w.]*))(?= |$)"
)
_PARSERS: Final = {
    "hoi_platform.pipelines.gen_2dhoi": gen_2dhoi.parser,
    "hoi_platform.pipelines.recon_4dhoi": recon_4dhoi.parser,
}
_FOREIGN: Final = frozenset({"--request", "--serve"})
"""Flags of programs that are no part of the platform: what an external runner is called with."""
_DEFAULTS: Final = {"bench": "clips"}
"""Groups whose command may be left out."""


def _words(line: str) -> list[str]:
    """The words of a command as it is written, without what explains it."""
    line = re.split(r"\s#\s|\s{2,}|\s→", line.strip())[0]
    line = re.sub(r"[\[\]…]|\s\|\s.*", " ", line)
    return shlex.split(line)


@cache
def _root() -> Command:
    return typer.main.get_command(app)


def _flags(command: Command) -> set[str]:
    return {flag for p in command.params for flag in (*p.opts, *p.secondary_opts)} | {"--help"}


def mistakes(line: str) -> list[str]:
    """What does not exist of a command as a page writes it."""
    found = _START.match(line)
    assert found is not None
    words = _words(line)
    if module := found[1]:
        return _of_module(module, words[words.index("-m") + 2 :])
    program = words[0].rpartition("/")[2]
    if program == "make":
        return [f"make {word}" for word in words[1:] if "=" not in word and word not in _targets()]
    return _of_hoi(words[1:]) if program == "hoi" else []


def _of_hoi(words: list[str]) -> list[str]:
    """Follow groups to the command, then look at its flags."""
    command, path = _root(), "hoi"
    while isinstance(command, TyperGroup):
        name = words[0] if words and not words[0].startswith("-") else _DEFAULTS.get(path[4:])
        if name is None:
            break
        if name not in command.commands:
            return [f"{path} {name}"]
        words = words[1:] if words and words[0] == name else words
        command, path = command.commands[name], f"{path} {name}"
    known = _flags(command)
    return [f"{path} {flag}" for flag in _given(words) if flag not in known]


def _of_module(module: str, words: list[str]) -> list[str]:
    if importlib.util.find_spec(module) is None:
        return [module]
    if module not in _PARSERS:
        return []
    known = _PARSERS[module]()._option_string_actions
    return [f"{module} {flag}" for flag in _given(words) if flag not in known]


def _given(words: list[str]) -> Iterator[str]:
    return (word.split("=")[0] for word in words if word.startswith("--"))


@cache
def _targets() -> set[str]:
    (names,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {*names.split()}


def _commands(page: Path) -> list[str]:
    """Every command in a page's code blocks and between its backticks."""
    text = page.read_text()
    fenced = [block.text for block in blocks(text) if block.language in ("", "bash")]
    lines = "\n".join([*fenced, *_INDENTED.findall(text)]).replace("\\\n", " ")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    candidates = [re.sub(r" {2,}(?=--|\S+ --)", " ", line.strip()) for line in lines.splitlines()]
    return [line for line in (*candidates, *inline) if _START.match(line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_a_file_and_a_heading(page: Path) -> None:
    """A reader would end at a page that is not there."""
    broken = []
    for target, anchor in _LINK.findall(page.read_text()):
        file = (page.parent / target).resolve() if target else page
        if not file.is_relative_to(ROOT) or not file.exists():
            broken.append(target)
        elif anchor and anchor not in _headings(file):
            broken.append(f"{target}#{anchor}")
    assert not broken


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_and_their_flags_exist(page: Path) -> None:
    """A reader would type a command that fails."""
    assert not [mistake for line in _commands(page) for mistake in mistakes(line)]


def test_flags_between_backticks_exist() -> None:
    """A page would recommend a flag that no command has."""
    parsers: list[argparse.ArgumentParser] = [parser() for parser in _PARSERS.values()]
    known = _FOREIGN.union(*(parser._option_string_actions for parser in parsers), _all(_root()))
    for page in PAGES:
        flags = re.findall(r"`(--[\w-]+)[^`]*`", page.read_text())
        assert not {*flags} - known, page


def _all(command: Command) -> set[str]:
    below = command.commands.values() if isinstance(command, TyperGroup) else ()
    return _flags(command).union(*(_all(child) for child in below))


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("hoi bench --seeds 1", []),
        ("hoi bench recon tuning|sealed    # one part", []),
        ("hoi ledger list [--all] [--state STATE]    what is open; with --wrong everything", []),
        (".venv/bin/hoi clips --comercial", ["hoi clips --comercial"]),
        ("hoi ledger rechek ROW", ["hoi ledger rechek"]),
        ("hoi bench --sedes 1", ["hoi bench clips --sedes"]),
        ("make dmeo", ["make dmeo"]),
        ("make test-long PART=core", []),
        (
            "python -m hoi_platform.pipelines.gen_2dhoi --dataset X --dry-runs",
            ["hoi_platform.pipelines.gen_2dhoi --dry-runs"],
        ),
        ("python -m hoi_platform.pipelines.gen_3dhoi", ["hoi_platform.pipelines.gen_3dhoi"]),
    ],
)
def test_a_mistyped_command_is_found(line: str, wrong: list[str]) -> None:
    """The laws above would hold for any page."""
    assert mistakes(line) == wrong


def test_commands_are_found_on_the_pages() -> None:
    """The laws above would hold because they look at nothing."""
    readme = _commands(ROOT / "README.md")
    assert {
        "make demo   # sets everything up, then: mesh → video → 4D clip → verdict, for one object"
    } <= {*readme}
    assert any(
        line.startswith(".venv/bin/python -m") and "--results_dir" in line for line in readme
    )
    paid = _commands(ROOT / "docs" / "paid_calls.md")
    assert any(line.startswith("hoi ledger list") for line in paid)
    assert any(
        line.startswith("hoi bench recon") for line in _commands(ROOT / "docs/benchmarks.md")
    )


def test_the_glossary_is_in_order_and_found() -> None:
    """A reader would not find a word that is there."""
    text = (ROOT / "docs" / "glossary.md").read_text()
    terms = re.findall(r"^\*\*([^*]+)\.\*\* ", text, re.MULTILINE)
    assert len(terms) == len(set(terms)) == text.count("\n**")
    plain = [re.sub(r"[^a-z0-9]", "", term.split(",")[0].lower()) for term in terms]
    assert plain == sorted(plain)
    assert "](docs/glossary.md)" in (ROOT / "README.md").read_text()


def _site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "scripts" / "site_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("page", "target", "expected"),
    [
        ("README.md", "docs/videos.md", "videos.md"),
        ("README.md", "CONTRIBUTING.md", "contributing.md"),
        ("docs/architecture.md", "../README.md", "index.md"),
        ("docs/methods/ledger.md", "../paid_calls.md", "../paid_calls.md"),
        ("docs/methods/README.md", "../../hoi_platform/core/geometry/__init__.py", None),
    ],
)
def test_links_fit_the_site(page: str, target: str, expected: str | None) -> None:
    """The site would have links that work only in the repository."""
    assert _site().site_link(page, target) == expected


def test_code_on_the_site_is_as_written() -> None:
    """An expression that looks like a link would be changed in an example."""
    text = "[a](docs/x.md) [`b`](hoi_platform/y.py)\n```python\nz[0](docs/x.md)\n```\n"
    expected = "[a](x.md) `b`\n```python\nz[0](docs/x.md)\n```\n"
    assert _site().relinked("README.md", text) == expected


def test_the_site_shows_every_page() -> None:
    """A page would be on the site and in no menu."""
    text = (ROOT / "mkdocs.yml").read_text().replace("!!python/name:", "")
    shown = str(yaml.safe_load(text)["nav"])
    added = _site().ADDED
    for page in PAGES:
        file = str(page.relative_to(ROOT))
        assert added.get(file, file.removeprefix("docs/")) in shown
