"""``hoi ledger``: what was bought, what it cost, what is still open."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoi_platform.commands.entry import UsageError
from hoi_platform.commands.ledger_access import Reference, open_ledger_of
from hoi_platform.commands.ledger_files import accept, fetch, recheck
from hoi_platform.commands.ledger_reopen import reopen
from hoi_platform.commands.ledger_resume import resume
from hoi_platform.commands.listing import Wanted, print_json
from hoi_platform.commands.options import (
    DEFAULT_RESULTS,
    AsJson,
    FailedFilter,
    ObjectFilter,
    ResultsDir,
    StateFilter,
    Task,
)

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
    state: StateFilter = "",
    object_: ObjectFilter = "",
    failed: FailedFilter = "",
    as_json: AsJson = False,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = "manipulation",
) -> None:
    """List what is open (or everything), oldest first. --task is that of the budget."""
    from hoi_platform.commands.terminal import print_listing
    from hoi_platform.services.ledger.states import TERMINAL, RequestState

    wanted = Wanted(object_, state=state, failed=failed)
    wanted.check(list(RequestState))
    states = set(RequestState) if all_rows or failed else set(RequestState) - TERMINAL
    ledger = open_ledger_of(results_dir, task)[0]
    rows = [
        row
        for row in ledger.rows({RequestState(state)} if state else states)
        if _is_wanted(row, wanted)
    ]
    now = ledger.now()
    if as_json:
        print_json([row_fields(row, now) for row in rows])
    else:
        print_listing("Ledger", _COLUMNS, [_cells(row, now) for row in rows])


def _is_wanted(row: "RequestRow", wanted: Wanted) -> bool:
    names = ("/".join(subject.split("/")[:2]).partition("__")[0] for subject in row.subjects)
    failed = row.reason if row.state == "rejected" else ""
    return any(map(wanted.has_name, names)) and wanted.failed in failed


@app.command()
def show(
    reference: Reference,
    as_json: AsJson = False,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = "manipulation",
) -> None:
    """Show everything that is known of one request."""
    from hoi_platform.commands.terminal import print_listing

    ledger = open_ledger_of(results_dir, task)[0]
    row = row_fields(ledger.get(reference), ledger.now())
    if as_json:
        print_json([row])
        return
    cells = [(name, str(value)) for name, value in row.items() if value not in (None, "", [])]
    print_listing(f"Ledger row {row['id']}", ("field", "value"), cells)


@app.command()
def spend(
    as_json: AsJson = False,
    results_dir: ResultsDir = DEFAULT_RESULTS,
    task: Task = "manipulation",
) -> None:
    """Show what was spent or is reserved, per day and model, and what is left of the budgets."""
    from hoi_platform.commands.terminal import console, print_listing
    from hoi_platform.services.ledger.states import COUNTED

    ledger, config, _ = open_ledger_of(results_dir, task)
    sums: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for row in ledger.rows(COUNTED):
        key = (row.reserved_at.date().isoformat(), row.provider, row.model)
        count, usd = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, usd + _usd(row))
    if as_json:
        heads = ("day", "provider", "model", "requests", "usd")
        found = [(*key, count, float(usd)) for key, (count, usd) in sorted(sums.items())]
        print_json([dict(zip(heads, values, strict=True)) for values in found])
        return
    rows = [(*key, str(count), f"{usd:.2f}") for key, (count, usd) in sorted(sums.items())]
    print_listing("Spent", ("day (UTC)", "provider", "model", "requests", "USD"), rows)
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
        raise UsageError("give one of --task-id, --not-accepted, --give-up, --again, --cost")
    if said > 1:
        raise UsageError("--task-id, --not-accepted, --give-up and --again exclude each other")
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
        raise UsageError(f"--cost {text!r} is not an amount; write it like 0.35") from error


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


def row_fields(row: "RequestRow", now: datetime) -> dict[str, Any]:
    """A request as plain values, with the clips and objects that it is for."""
    from hoi_platform.services.ledger.schema import RequestRow
    from hoi_platform.services.ledger.waiting import waits_for
    from hoi_platform.services.secrets import redacted

    names = [column.key for column in RequestRow.__table__.columns if column.key != "subject"]
    known = {name: _plain(getattr(row, name)) for name in names}
    extra = {"subjects": list(row.subjects), "waits_for": str(waits_for(row, now) or "")}
    return dict(redacted(known | extra))


def _plain(value: Any) -> Any:
    """What JSON can hold: times in ISO 8601, amounts as numbers."""
    if isinstance(value, datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


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
