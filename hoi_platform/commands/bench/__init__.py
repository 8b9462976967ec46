"""``hoi bench``: one bench per file; without a name it is ``hoi bench clips``."""

import typer
from typer.core import TyperGroup

from hoi_platform.commands.bench.clips import clips
from hoi_platform.commands.bench.optimizer import optimizer


class _ClipsByDefault(TyperGroup):
    """A group whose command may be left out: ``hoi bench --seeds 1`` benches clips."""

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
