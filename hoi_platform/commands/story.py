"""How a clip was made, as far as records and ledger know: the rows of ``hoi why``."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hoi_platform.commands.listing import Row

if TYPE_CHECKING:
    from hoi_platform.core.clip import ClipId
    from hoi_platform.services.artifacts.record import ArtifactRecord
    from hoi_platform.services.artifacts.stages import Stages
    from hoi_platform.services.artifacts.summaries import ObjectRecords
    from hoi_platform.services.ledger.schema import RequestRow
    from hoi_platform.services.platform import Platform


def story_of(platform: "Platform", clip: "ClipId") -> list[Row]:
    """A row per stage that has a record, readable or not, in the order of the flow."""
    from hoi_platform.assets.stage import STAGES, flow_order
    from hoi_platform.core.formats.artifacts import upstream_subject
    from hoi_platform.services.clips import damages

    records = platform.store.summaries.of_object(clip.object_id.path)
    broken, stages = damages(platform.store, clip, records), platform.stages(STAGES)
    paid, rows = purchases(platform, clip), []
    for name in flow_order():
        subject = upstream_subject(name, clip)
        record = platform.store.record(name, subject) if subject else None
        if record is None and name not in broken:
            continue
        state, reason = _state(name, clip, stages, records, broken)
        changed = _changed(record, name, clip, stages) if record and state == "stale" else []
        bought = [row for row in paid if _stage_of(row, clip) == name]
        rows.append(
            {
                "clip": clip.path,
                "stage": name,
                "state": state,
                "reason": reason,
                "changed": changed,
                **_made(record.model_dump(mode="json") if record else {}),
                "cost_usd": cost_usd(bought) if bought else None,
                "ledger_rows": [row.id for row in bought],
            }
        )
    return rows


def purchases(platform: "Platform", clip: "ClipId") -> "list[RequestRow]":
    """The paid requests that were made for a clip, or for its object."""
    from hoi_platform.resources.ledger import ledger_exists, ledger_url
    from hoi_platform.services.ledger.database import open_ledger

    if not ledger_exists(platform.results_dir):
        return []
    wanted = {clip.path, clip.object_id.path}
    rows = open_ledger(ledger_url(platform.results_dir)).rows()
    return [row for row in rows if wanted & {*row.subjects}]


def cost_usd(rows: "Sequence[RequestRow]") -> float:
    """What requests cost, by their estimates where the cost is not known yet; refused ones nothing.

    A request that several clips share is counted whole.
    """
    from hoi_platform.services.ledger.states import COUNTED

    spent = [
        row.cost_usd if row.cost_usd is not None else row.estimate_usd
        for row in rows
        if row.state in COUNTED
    ]
    return float(sum(spent))


def _stage_of(row: "RequestRow", clip: "ClipId") -> str:
    """The stage that a request was made by."""
    if row.kind == "video":
        return "video_task"
    return "video_prompt" if clip.path in row.subjects else "object_scale"


def _state(
    name: str,
    clip: "ClipId",
    stages: "Stages",
    records: "ObjectRecords",
    broken: Mapping[str, str],
) -> tuple[str, str]:
    """Under today's settings, and why; records are shown also of what is in no catalogue today."""
    from hoi_platform.core.errors import HoiError
    from hoi_platform.core.formats.artifacts import upstream_subject

    if name in broken:
        return "corrupt", broken[name]
    try:
        status = stages.recorded(name, upstream_subject(name, clip) or clip, records)
    except HoiError as error:
        return "unknown", str(error)
    return str(status.state), status.reason


def _changed(record: "ArtifactRecord", name: str, clip: "ClipId", stages: "Stages") -> list[str]:
    """The settings that differ from today's; none where code or inputs are what changed."""
    from hoi_platform.core.formats.artifacts import upstream_subject
    from hoi_platform.services.artifacts.record import backend_name, canonical

    backend, settings = stages.asked_for(name, upstream_subject(name, clip) or clip)
    then = dict(flat({"backend": record.backend_name, **record.settings}))
    today = dict(flat({"backend": backend_name(backend), **json.loads(canonical(settings))}))
    keys = dict.fromkeys([*then, *today])
    return [
        f"{key}={then.get(key, 'none')} (today {today.get(key, 'none')})"
        for key in keys
        if then.get(key) != today.get(key)
    ]


def _made(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record says; nothing of one that cannot be read."""
    names = ("backend", "seed", "seconds", "peak_memory_mb", "created_at", "machine")
    tables = ("inputs", "settings", "facts")
    return {name: record.get(name) for name in names} | {n: record.get(n, {}) for n in tables}


def details(row: Row) -> Iterator[str]:
    """What changed since a stage was made, its inputs, settings and facts; one line each."""
    texts = {
        "changed since": row["changed"],
        "made from": list(row["inputs"]),
        "settings": [f"{key}={value}" for key, value in flat(row["settings"])],
        "facts": [f"{key}={value}" for key, value in flat(row["facts"])],
    }
    return (f"{title}: {', '.join(parts)}" for title, parts in texts.items() if parts)


def flat(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """``rendering.width`` and 640 of every value of nested tables."""
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
