"""Writes the table of ``docs/bench_ledger.json`` into ``docs/benchmarks.md``."""

import json
from pathlib import Path

from hoi_platform.services.chaos.figures import markdown

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "ledger_table renews it -->\n", "<!-- end of table -->"


def renew() -> None:
    """Replace what stands between the two comments."""
    page = DOCS / "benchmarks.md"
    head, _, rest = page.read_text().partition(BEGIN)
    tail = rest.partition(END)[2]
    figures = json.loads((DOCS / "bench_ledger.json").read_text())
    page.write_text(f"{head}{BEGIN}\n{markdown(figures)}\n\n{END}{tail}")


if __name__ == "__main__":
    renew()
