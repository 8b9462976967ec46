"""``hoi ledger``: what was bought, what it cost, what is still open."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from hoi_platform.commands.ledger_access import Reference, open_ledger_of
from hoi_platform.commands.ledger_files import accept, fetch, recheck
from hoi_platform.commands.ledger_reopen import reopen
from hoi_platform.commands.ledger_resume import resume
from hoi_platform.commands.options import DEFAULT_RESULTS, ResultsDir, Task
from hoi_platform.core.errors import BadInputError

if TYPE_CHECKING:
    from hoi_platform.services.ledger.ledger import Ledger
    from hoi_platform.services.ledger.schema import RequestRow

app = typer.Typer(help="The ledger of paid requests.", no_args_is_help=True)
for _command in (resume, reopen, fetch, recheck, accept):
    app.command()(_command)

_CENTS = Decimal("0.1")
_MOST_SHOWN = 500
"""Longest reason in a list (characters); chosen."""
_COLUMNS = ("row", "state", "model", "subject", "USD", "reserved (UTC)", "reason")


@app.command("list")
def list_rows(
    all_rows: Annotated[bool, typer.Option("--all", help="Include settled requests.")] = False,
    state: Annotated[str | None, typer.Option(help="Only rows in this state.")] = None,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = "manipulation",
) -> None:
    """List what is open (or everything), oldest first."""
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.services.ledger.states import TERMINAL, RequestState

    if state is not None and state not in set(RequestState):
        raise BadInputError(f"unknown state {state!r}; known: {', '.join(RequestState)}")
    states = set(RequestState) if all_rows else set(RequestState) - TERMINAL
    ledger = open_ledger_of(results_dir, task)[0]
    rows, now = ledger.rows({RequestState(state)} if state else states), ledger.now()
    console.print(table("Ledger", _COLUMNS, [_cells(row, now) for row in rows]))


@app.command()
def show(
    reference: Reference, results_dir: ResultsDir = DEFAULT_RESULTS, task: Task = "manipulation"
) -> None:
    """Show everything that is known of one request."""
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.services.ledger.schema import RequestRow
    from hoi_platform.services.ledger.waiting import waits_for

    ledger = open_ledger_of(results_dir, task)[0]
    row = ledger.get(reference)
    names = [column.key for column in RequestRow.__table__.columns if column.key != "subject"]
    cells = [(name, getattr(row, name)) for name in names if getattr(row, name) is not None]
    cells += [("for", subject) for subject in row.subjects]
    cells.append(("waits for", waits_for(row, ledger.now()) or "nothing"))
    console.print(table(f"Ledger row {row.id}", ("field", "value"), cells))


@app.command()
def spend(results_dir: ResultsDir = DEFAULT_RESULTS, task: Task = "manipulation") -> None:
    """Show what was spent or is reserved, per day and model, and what is left of the budgets."""
    from hoi_platform.commands.terminal import console, table
    from hoi_platform.services.ledger.states import COUNTED

    ledger, config, _ = open_ledger_of(results_dir, task)
    sums: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for row in ledger.rows(COUNTED):
        key = (row.reserved_at.date().isoformat(), row.provider, row.model)
        count, usd = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, usd + _usd(row))
    rows = [(*key, count, f"{usd:.2f}") for key, (count, usd) in sorted(sums.items())]
    console.print(table("Spent", ("day (UTC)", "provider", "model", "requests", "USD"), rows))
    day = ledger.now().replace(hour=0, minute=0, second=0, microsecond=0)
    limits = (("day", day, config.budget.per_day_usd),)
    limits += (("month", day.replace(day=1), config.budget.per_month_usd),)
    for name, since, limit in limits:
        of = "no limit" if limit is None else f"of {limit:.2f}"
        console.print(f"this {name}: {ledger.spent_usd(since):.2f} USD ({of})")


@app.command()
def settle(
    reference: Reference,
    task_id: Annotated[
        str | None, typer.Option(help="It was accepted: the id of its task at the service.")
    ] = None,
    not_taken: Annotated[
        bool, typer.Option("--not-accepted", help="It was not accepted, or may be sent again.")
    ] = False,
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Never send it, or never wait for it again.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Its task or its video failed: order it once more.")
    ] = False,
    cost: Annotated[str | None, typer.Option(help="What it cost in USD.")] = None,
    confirm_cost: Annotated[
        bool,
        typer.Option("--confirm-cost", help="The cost is right, though far over the estimate."),
    ] = False,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = "manipulation",
) -> None:
    """Record in a row what the service's console says."""
    from hoi_platform.commands.terminal import console
    from hoi_platform.services.ledger.states import RequestState

    said = sum([task_id is not None, not_taken, give_up, again])
    if not said and cost is None:
        raise BadInputError("give one of --task-id, --not-accepted, --give-up, --again, --cost")
    if said > 1:
        raise BadInputError("--task-id, --not-accepted, --give-up and --again exclude each other")
    ledger = open_ledger_of(results_dir, task)[0]
    row = ledger.get(reference)
    by_hand = f"settled by hand; before: {row.state}: {row.reason}"
    if cost is not None:
        row = ledger.settle_cost(row.fingerprint, _amount(cost), confirmed=confirm_cost)
    if task_id is not None:
        known = {"task_id": task_id, "reason": by_hand}
        row = ledger.advance(row.fingerprint, RequestState.SUBMITTED, **known)
    elif not_taken:
        row = _not_taken(ledger, row, by_hand)
    elif give_up:
        row = _given_up(ledger, row, by_hand)
    elif again:
        row = ledger.reserve_again(row.fingerprint)
    console.print(f"row {row.id} of {row.subject} is {row.state}")


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise BadInputError(f"--cost {text!r} is not an amount; write it like 0.35") from error


def _not_taken(ledger: "Ledger", row: "RequestRow", reason: str) -> "RequestRow":
    from hoi_platform.services.ledger.states import RequestState

    if row.state == RequestState.REFUSED:
        return ledger.reserve_anew(row.fingerprint)
    return ledger.advance(row.fingerprint, RequestState.RESERVED, reason=reason)


def _given_up(ledger: "Ledger", row: "RequestRow", reason: str) -> "RequestRow":
    """A task that was bought failed, and costs its price; what was not bought is refused."""
    from hoi_platform.services.ledger.states import RequestState as S

    bought = row.state in (S.SUBMITTED, S.PROCESSING, S.SUCCEEDED)
    return ledger.advance(row.fingerprint, S.FAILED if bought else S.REFUSED, reason=reason)


def _usd(row: "RequestRow") -> Decimal:
    return row.estimate_usd if row.cost_usd is None else row.cost_usd


def _cells(row: "RequestRow", now: datetime) -> Sequence[str]:
    from hoi_platform.services.ledger.waiting import waits_for
    from hoi_platform.services.secrets import excerpt

    amount = _usd(row)
    shown = f"{amount:.2f}" if amount >= _CENTS else f"{amount:.4f}"  # questions cost less
    usd = shown + ("" if row.cost_usd is not None else " est.")
    reserved = row.reserved_at.strftime("%Y-%m-%d %H:%M")
    first, *others = row.subjects
    shared = f" and {len(others)} more" if others else ""
    waits = waits_for(row, now)
    reason = "; ".join(
        filter(None, [excerpt(row.reason, _MOST_SHOWN), f"waits for {waits}" if waits else ""])
    )
    return (str(row.id), row.state, row.model, first + shared, usd, reserved, reason)
