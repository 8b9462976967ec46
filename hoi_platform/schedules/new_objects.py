"""The sensor ``new_objects``: what settles in the inbox becomes an object of the grid."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dagster as dg

from hoi_platform.core.errors import HoiError
from hoi_platform.partitions import add_object_keys
from hoi_platform.resources.platform import PlatformResource
from hoi_platform.services.platform import Platform
from hoi_platform.services.secrets import leaves_clean

if TYPE_CHECKING:
    from hoi_platform.services.inbox.items import Item

_LONGEST_S: Final = 20.0
"""Seconds after which a tick leaves the rest to the next; Dagster ends a tick after 60 s."""


@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
@leaves_clean
def new_objects(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SensorResult | dg.SkipReason:
    """Register the meshes that lie unchanged in the inbox since the last tick; reject the others
    with a reason beside them."""
    service = platform.platform()
    inbox = inbox_of(service)
    if not inbox.is_dir():
        return dg.SkipReason(f"no inbox: create {inbox}, or name another with HOI_INBOX_DIR")
    from hoi_platform.services.inbox.items import items_in, settled

    items = items_in(inbox)
    before = _cursor(context.cursor)
    added, rejected = _take(context, service, settled(items, before))
    cursor = json.dumps({str(item.path): item.stamp() for item in items if item.path.exists()})
    text = f"{added} registered, {rejected} rejected; {len(items)} in {inbox}"
    return dg.SensorResult(skip_reason=text, cursor=cursor)


def inbox_of(platform: Platform) -> Path:
    """HOI_INBOX_DIR, or ``inbox`` in the results folder."""
    return Path(os.environ.get("HOI_INBOX_DIR") or platform.results_dir / "inbox").absolute()


def _take(
    context: dg.SensorEvaluationContext, platform: Platform, items: "Sequence[Item]"
) -> tuple[int, int]:
    """How many became objects and how many did not."""
    from hoi_platform.services.inbox.intake import is_answered, take

    started, keys, rejected = time.monotonic(), list[str](), 0
    for item in items:
        if is_answered(item):
            continue
        if time.monotonic() - started > _LONGEST_S:
            break
        try:
            taken = take(platform, item)
        except HoiError as error:  # not the item's fault; the next tick tries again
            context.log.error("%s: %s", item.path, error)
            continue
        if taken.key is None:
            rejected += 1
            context.log.warning("rejected: %s", taken.reason)
        else:
            keys.append(taken.key)
            context.log.info("registered: %s from %s", taken.key, item.path)
    if keys:
        add_object_keys(context.instance, keys)
    return len(keys), rejected


def _cursor(text: str | None) -> dict[str, str]:
    """What the last tick saw; nothing after a cursor of another form."""
    try:
        known = json.loads(text or "{}")
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}
