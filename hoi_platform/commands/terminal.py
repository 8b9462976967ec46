"""What every command shows in the same way: progress per stage, tables, errors."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import dagster as dg
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from hoi_platform.resources.progress import ProgressResource
from hoi_platform.services.interruption import check_stopped

_UNWRAPPED: Final = 10_000
"""Columns where there is no terminal: logs are read with their own tools; chosen, as no line is
longer."""
console = Console(highlight=False, width=None if sys.stdout.isatty() else _UNWRAPPED)
errors = Console(stderr=True, highlight=False)


class BarProgress(ProgressResource):
    """A progress bar per stage in the terminal, a line per stage where there is none."""

    def reporter(
        self, context: dg.AssetExecutionContext, stage: str
    ) -> Callable[[float, str], None]:
        check_stopped()
        bar = stage_bar(f"{stage}  [dim]{context.partition_key}")

        def report(fraction: float, text: str) -> None:
            check_stopped()
            bar(fraction, text)

        return report


_live: list[Progress] = []


def stage_bar(description: str) -> Callable[[float, str], None]:
    """Start a bar of the running display; a report of 1.0 ends it."""
    if not _live:
        return lambda _fraction, _text: None
    progress = _live[-1]
    if not console.is_terminal:
        return _lines(description)
    task = progress.add_task(description, total=1.0, text="")
    return lambda fraction, text: progress.update(task, completed=fraction, text=text)


def _lines(description: str) -> Callable[[float, str], None]:
    """Without a terminal: a line when a stage begins, nothing that is drawn over."""
    console.print(description, soft_wrap=True)
    return lambda _fraction, _text: None


class progress_display:  # noqa: N801 - used as a context manager like a function
    """Shows the bars of the stages that run inside, unless ``quiet``."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def __enter__(self) -> Progress:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[text]}"),
            console=console,
        )
        if not self._quiet:
            self._progress.start()
            _live.append(self._progress)
        return self._progress

    def __exit__(self, *_: object) -> None:
        if not self._quiet:
            _live.pop()
            self._progress.stop()


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Table:
    """A plain table; cells are turned into text, and what the first column names stays whole."""
    result = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2))
    for place, column in enumerate(columns):
        result.add_column(column, overflow="fold", no_wrap=place == 0)
    for row in rows:
        result.add_row(*(str(cell) for cell in row))
    return result


def print_listing(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    styles: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """A table of any length, at once: nothing is wrapped, so that ids can be copied.

    ``styles`` says how a cell with this text, or a character of a cell that has no other ones, is
    drawn in a terminal.
    """
    rows = [[cell.replace("\n", " ") for cell in row] for row in rows]
    heads = [head.split("\n") for head in columns]
    tall = max(map(len, heads))
    above = [[head[i] if i < len(head) else "" for head in heads] for i in range(tall)]
    widths = [max(map(cell_len, column)) for column in zip(*above, *rows, strict=True)]
    painted = {" ": " "} | {text: _painted(text, style) for text, style in styles.items()}

    def drawn(cell: str) -> str:
        marks = set(cell) <= painted.keys()
        return painted.get(cell, "".join(map(painted.__getitem__, cell)) if marks else cell)

    def line(cells: Sequence[str]) -> str:
        padded = zip(cells, widths, strict=True)
        return "  ".join(drawn(cell) + " " * (width - cell_len(cell)) for cell, width in padded)

    console.print(title, style="italic")
    for head in above:
        console.print(line(head).rstrip(), style="bold", soft_wrap=True, markup=False)
    console.file.write("".join(f"{line(row).rstrip()}\n" for row in rows))


def _painted(text: str, style: str) -> str:
    """As a terminal draws it; plain where there is none."""
    with console.capture() as captured:
        console.print(text, style=style, end="")
    return captured.get()
