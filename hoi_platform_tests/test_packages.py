"""Every package says what belongs in it and what does not."""

import ast
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_PACKAGES = sorted({path.parent for path in (_ROOT / "hoi_platform").rglob("*.py")})


@pytest.mark.parametrize("folder", _PACKAGES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_a_package_says_what_belongs_in_it(folder: Path) -> None:
    """A newcomer would not know where to put a file, and put it anywhere."""
    text = (folder / "__init__.py").read_text()
    words = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
    first, _, rules = words.partition("Belongs here: ")
    inside, _, outside = rules.partition(". Does not: ")
    assert first.strip(), "says what the package is"
    assert inside, "says what belongs in it"
    assert outside.endswith((".", ".)")), "says what does not belong in it"
