"""Writes the tables of ``docs/bench_recon.json`` into ``docs/benchmarks.md``."""

from typing import Any, Final

from hoi_platform_tests.benchmarks.tables import renew

_CLEAN: Final = ("sealed", "tuning", "large")
_SPOILED: Final = ("degraded", "knowledge")
_SHORT: Final = {
    "body (MPJPE, mm)": "body mm",
    "hand joints (mm)": "hand joints mm",
    "object while moved (mm)": "object moved mm",
    "object while moved (deg)": "object moved °",
    "contact F1": "contact F1",
}


def markdown(report: dict[str, Any]) -> str:
    """The parts that were measured: undisturbed clips, then those with a mistake planted."""
    parts = report["parts"]
    clean = {name: parts[name] for name in _CLEAN if name in parts}
    tables = [_clean_table(clean)] + [_spoiled_table(parts[p]) for p in _SPOILED if p in parts]
    return "\n\n".join(tables)


def _clean_table(parts: dict[str, dict[str, Any]]) -> str:
    headings = list(dict.fromkeys(h for part in parts.values() for h in part["statistics"]))
    rows = [[h, *(_pair(part["statistics"].get(h)) for part in parts.values())] for h in headings]
    rows.append(["valid", *(f"{p['valid']} of {p['measured']}" for p in parts.values())])
    better = (f"{p['body_improved_by_optimizer']} of {p['measured']}" for p in parts.values())
    rows.append(["body improved by the optimizer", *better])
    heads = (_clips(name, part) for name, part in parts.items())
    return _table(["median (worst of 9 in 10)", *heads], rows)


def _clips(name: str, part: dict[str, Any]) -> str:
    """A part's name; with its clips where some have not been measured."""
    missing = part["measured"] < part["cases"]
    return f"{name}, {part['measured']} of {part['cases']} clips" if missing else name


def _spoiled_table(part: dict[str, Any]) -> str:
    rows = [
        [name, *(_pair(statistics.get(heading)) for heading in _SHORT)]
        for name, statistics in part["by_mistake"].items()
    ]
    return _table(["mistake", *_SHORT.values()], rows)


def _pair(row: dict[str, float] | None) -> str:
    return "—" if row is None else f"{_number(row['median'])} ({_number(row['p90'])})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    end = "<!-- end of the truth suite's tables -->"
    renew("bench_recon.json", "recon_table renews it -->\n", end, markdown)
