"""``hoi ledger reopen``: once an account is in order again, its refused requests continue."""

from typing import Annotated

import typer

from hoi_platform.commands.options import DEFAULT_RESULTS, ResultsDir, Task


def reopen(
    account: Annotated[str, typer.Argument(help="The account's name, as the error states it.")],
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = "manipulation",
) -> None:
    """Let every request be sent again that was refused because of this account.

    Nothing is sent by this command: the next run, or ``hoi ledger resume``, sends them.
    """
    from hoi_platform.commands.terminal import console
    from hoi_platform.resources.ledger import LedgerResource
    from hoi_platform.resources.platform import PlatformResource
    from hoi_platform.services.accounts import reopen_account

    platform = PlatformResource(results_dir=str(results_dir.absolute()))
    budget = platform.platform().settings(task).gen_2dhoi.video.budget
    rows = reopen_account(LedgerResource(platform=platform).ledger(budget), account)
    for row in rows:
        console.print(f"row {row.id} of {row.subject} is {row.state}")
    console.print(f"{len(rows)} requests can be sent again; `hoi ledger resume` sends them")
