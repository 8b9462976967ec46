"""Writes the table of ``docs/bench_platform.json`` into ``docs/platform_scale.md``."""

from hoi_platform.services.scale.figures import markdown
from hoi_platform_tests.benchmarks.tables import renew

if __name__ == "__main__":
    begin = "platform_table renews it -->\n"
    renew("bench_platform.json", begin, "<!-- end of table -->", markdown, page="platform_scale.md")
