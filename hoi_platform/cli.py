"""``hoi``: the command line. Parses and prints; the work is done by the page's own assets."""

import sys

import typer

from hoi_platform.commands.bench import app as bench_app
from hoi_platform.commands.callbacks import callbacks
from hoi_platform.commands.clips import clips, status, why
from hoi_platform.commands.config import app as config_app
from hoi_platform.commands.demo import demo
from hoi_platform.commands.doctor import doctor
from hoi_platform.commands.fake_apis import fake_apis
from hoi_platform.commands.ledger import app as ledger_app
from hoi_platform.commands.objects import app as objects_app
from hoi_platform.commands.serve import serve, ui
from hoi_platform.core.errors import HoiError

app = typer.Typer(
    help="Turns 3D object meshes into measured, metric 4D human-object-interaction clips.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.add_typer(objects_app, name="objects")
app.command()(status)
app.command()(clips)
app.command()(why)
app.add_typer(config_app, name="config")
app.add_typer(ledger_app, name="ledger")
app.add_typer(bench_app, name="bench")
app.command()(doctor)
app.command()(serve)
app.command()(ui)
app.command()(callbacks)
app.command("fake-apis")(fake_apis)


def main() -> None:
    """Run a command; an error of ours is one line on standard error and exit status 1."""
    try:
        app()
    except HoiError as error:
        sys.stderr.write(f"hoi: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
