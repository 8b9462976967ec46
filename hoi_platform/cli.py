"""``hoi``: the command line. Parses and prints; the work is done by the page's own assets."""

import sys
from collections.abc import Sequence

import typer

from hoi_platform.commands.approve import approve
from hoi_platform.commands.bench import app as bench_app
from hoi_platform.commands.callbacks import callbacks
from hoi_platform.commands.clean import clean
from hoi_platform.commands.clips import clips
from hoi_platform.commands.config import app as config_app
from hoi_platform.commands.demo import demo
from hoi_platform.commands.doctor import doctor
from hoi_platform.commands.entry import UsageError, ended
from hoi_platform.commands.every_command import UsageMistake, every_command, usage_mistake
from hoi_platform.commands.fake_apis import fake_apis
from hoi_platform.commands.grow import grow
from hoi_platform.commands.import_ import import_
from hoi_platform.commands.ledger import app as ledger_app
from hoi_platform.commands.migrate import migrate
from hoi_platform.commands.objects import app as objects_app
from hoi_platform.commands.release import release
from hoi_platform.commands.run import run
from hoi_platform.commands.serve import serve, ui
from hoi_platform.commands.status import status
from hoi_platform.commands.stop import stop
from hoi_platform.commands.why import why
from hoi_platform.services.interruption import received

app = typer.Typer(
    help="Turns 3D object meshes into measured, metric 4D human-object-interaction clips.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.callback()(every_command)
app.command()(demo)
app.command()(run)
app.command()(approve)
app.command()(grow)
app.add_typer(objects_app, name="objects")
app.command()(status)
app.command()(clips)
app.command()(why)
app.command()(clean)
app.command()(stop)
app.add_typer(config_app, name="config")
app.add_typer(ledger_app, name="ledger")
app.command()(migrate)
app.add_typer(bench_app, name="bench")
app.command()(doctor)
app.command()(release)
app.command("import")(import_)
app.command()(serve)
app.command()(ui)
app.command()(callbacks)
app.command("fake-apis")(fake_apis)


def main() -> None:
    """Run a command and exit with its status."""
    sys.exit(status_of(sys.argv[1:]))


def status_of(words: Sequence[str]) -> int:
    """Run the command that these words make; its exit status."""
    return ended("hoi", lambda: _run(words))


def _run(words: Sequence[str]) -> int:
    """A command run by click, which reports an interrupted one as ``Abort`` or by a status."""
    try:
        status = app(words, prog_name="hoi", standalone_mode=False)
    except UsageMistake as error:
        raise UsageError(usage_mistake(error)) from error
    if received() is not None:
        raise KeyboardInterrupt
    return int(status or 0)


if __name__ == "__main__":
    main()
