"""``hoi bench``: one bench per file; without a name it is ``hoi bench clips``.

Belongs here: one bench per file: what is run, printed and written. Does not: metrics
(``core.metrics``), lists of clips (``core.truth_suite``).
"""

import typer
from typer.core import TyperGroup

from hoi_platform.commands.bench.clips import clips
from hoi_platform.commands.bench.ledger import ledger
from hoi_platform.commands.bench.optimizer import optimizer
from hoi_platform.commands.bench.platform import platform
from hoi_platform.commands.bench.recon import recon


class _ClipsByDefault(TyperGroup):
    """A group with a default command: ``hoi bench --seeds 1`` benches clips."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "--help"}:
            args = ["clips", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ClipsByDefault,
    help="Measure accuracy and cost; figures are printed and written as JSON.",
)
app.command()(clips)
app.command()(optimizer)
app.command()(ledger)
app.command()(recon)
app.command()(platform)
