"""Tables of the pages in ``docs`` that are written from the figures of a bench."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).parents[2] / "docs"


def renew(
    figures: str,
    begin: str,
    end: str,
    markdown: Callable[[dict[str, Any]], str],
    page: str = "benchmarks.md",
) -> None:
    """Replace what is between the comments that end in ``begin`` and are ``end``.

    ``figures`` is the name of a JSON file in ``docs``, ``page`` that of the page there.
    """
    file = DOCS / page
    head, _, rest = file.read_text().partition(begin)
    tail = rest.partition(end)[2]
    report = json.loads((DOCS / figures).read_text())
    file.write_text(f"{head}{begin}\n{markdown(report)}\n\n{end}{tail}")
