"""What every command shows in the same way: progress per stage, tables, errors."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

import dagster as dg
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hoi_platform.resources.progress import ProgressResource
from hoi_platform.services.interruption import check_stopped

# Without a terminal nothing is wrapped at 80 columns: logs are read with their own tools.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
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
    """Shows the bars of the stages that run inside."""

    def __enter__(self) -> Progress:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[text]}"),
            console=console,
        )
        self._progress.start()
        _live.append(self._progress)
        return self._progress

    def __exit__(self, *_: object) -> None:
        _live.pop()
        self._progress.stop()


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Table:
    """A plain table; cells are turned into text."""
    result = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2))
    for column in columns:
        result.add_column(column, overflow="fold")
    for row in rows:
        result.add_row(*(str(cell) for cell in row))
    return result
