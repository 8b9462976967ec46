"""Tables of ``docs/benchmarks.md`` that are written from the figures of a bench."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).parents[2] / "docs"


def renew(figures: str, begin: str, end: str, markdown: Callable[[dict[str, Any]], str]) -> None:
    """Replace what is between the comments that end in ``begin`` and are ``end``.

    ``figures`` is the name of a JSON file in ``docs``.
    """
    page = DOCS / "benchmarks.md"
    head, _, rest = page.read_text().partition(begin)
    tail = rest.partition(end)[2]
    report = json.loads((DOCS / figures).read_text())
    page.write_text(f"{head}{begin}\n{markdown(report)}\n\n{end}{tail}")
