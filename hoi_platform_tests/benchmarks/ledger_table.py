"""Writes the table of ``docs/bench_ledger.json`` into ``docs/benchmarks.md``."""

from hoi_platform.services.chaos.figures import markdown
from hoi_platform_tests.benchmarks.tables import renew

if __name__ == "__main__":
    end = "<!-- end of table -->"
    renew("bench_ledger.json", "ledger_table renews it -->\n", end, markdown)
