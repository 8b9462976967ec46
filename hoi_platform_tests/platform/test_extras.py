"""Optional packages: the embedded chain needs none; what is missing is named with its cure."""

import re
import tomllib
from pathlib import Path

import pytest

from hoi_platform.core.config.backends import ModelConfig
from hoi_platform.resources.platform import PROJECT_ROOT
from hoi_platform.services.backends.extras import EXTRAS, PACKAGES, Extra, cure
from hoi_platform.services.backends.registry import Backend, backends
from hoi_platform_tests.platform.processes import HOI, run

# Put on a process's path: the packages count as not installed, whatever this environment has.
BLOCK = """
import sys


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None


sys.meta_path.insert(0, Blocked())
"""


@pytest.fixture
def blocked(tmp_path: Path) -> str:
    """A PYTHONPATH on which no package of an extra can be imported, but for safetensors."""
    names = {name for names in PACKAGES.values() for name in names} - {"safetensors"}
    (tmp_path / "sitecustomize.py").write_text(BLOCK.format(names=sorted(names)))
    return f"{tmp_path}:{PROJECT_ROOT}"


def _project() -> dict:
    return tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_table_is_that_of_the_project(extra: Extra) -> None:
    """The cure would install something else than what is looked for."""
    extras = _project()["optional-dependencies"]
    assert {*extras} == {*EXTRAS}
    names = tuple(re.split(r"[=<>]", text)[0] for text in extras[extra])
    assert names == PACKAGES[extra]


def test_the_embedded_chain_needs_no_extra() -> None:
    """`make demo` would need packages that the lock file leaves out."""
    lock = (PROJECT_ROOT / "requirements.lock").read_text().lower()
    locked = {re.split(r"[=<> @]", line)[0] for line in lock.splitlines() if line[:1].isalpha()}
    assert not {"transformers", "diffusers", "accelerate", "onnxruntime"} & locked
    embedded = [b for b in backends() if b.needs(ModelConfig(), {}).where == "embedded"]
    assert embedded
    assert all(backend.extra is None for backend in embedded)


def test_the_doctor_lists_missing_extras_with_the_cure(blocked: str, tmp_path: Path) -> None:
    """A user would not learn what production backends need on this machine."""
    ended = run(
        [*HOI, "doctor"], PYTHONPATH=blocked, COLUMNS="400", HOI_RESULTS_DIR=str(tmp_path / "r")
    )
    assert ended.errors == ""  # the status is about packages that look for an extra themselves
    for extra, absent in (
        ("vision", "transformers, onnxruntime"),
        ("gen", "diffusers, transformers, accelerate"),
    ):
        (line,) = [line for line in ended.output.splitlines() if f"extra {extra}" in line]
        assert f"without {absent}" in line
        assert f"pip install 'hoi-platform[{extra}]'" in line


REFUSED = """
from hoi_platform.core.errors import MissingResourceError
from hoi_platform.services.backends.registry import Backend

row = Backend("masks", "sam2", "Apache-2.0", True, lambda use: 1 / 0, extra="vision")
try:
    row.make(None)
except MissingResourceError as error:
    print(error)
"""


def test_a_backend_says_what_it_needs_before_it_is_loaded(blocked: str) -> None:
    """The user would see the ImportError of somebody else's package after hours of other work."""
    ended = run(["-c", REFUSED], PYTHONPATH=blocked)
    assert ended.output == (
        "masks: sam2 needs the optional packages of 'vision'; not installed: transformers, "
        "onnxruntime; pip install 'hoi-platform[vision]'\n"
    ), ended.errors


def test_a_row_of_the_doctor_names_the_extra_first() -> None:
    """A backend would be shown as found whose packages are not there."""
    row = Backend("masks", "x", "MIT", True, lambda use: use, extra="gen")
    need = row.need(ModelConfig(), {})
    assert need.found or need.cure == cure("gen")
    assert Backend("masks", "x", "MIT", True, lambda use: use).need(ModelConfig(), {}).found
