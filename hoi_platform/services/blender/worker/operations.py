"""The table of what a worker can be asked to do."""

from collections.abc import Callable
from typing import Any

import bpy

from hoi_platform.services.blender.worker.channel import Channel

Operation = Callable[[dict[str, Any], Channel], dict[str, Any]]


def version(_request: dict[str, Any], _channel: Channel) -> dict[str, Any]:
    """Blender's version."""
    return {"version": bpy.app.version_string}


def operations(tests: bool) -> dict[str, Operation]:
    """Name to function; ``tests`` adds those that misbehave on purpose."""
    from hoi_platform.services.blender.worker.bullet import drop
    from hoi_platform.services.blender.worker.performance import render_performance
    from hoi_platform.services.blender.worker.still import render_still

    table: dict[str, Operation] = {
        "version": version,
        "drop": drop,
        "render_still": render_still,
        "render_performance": render_performance,
    }
    if tests:
        from hoi_platform.services.blender.worker.misbehavior import MISBEHAVIOR

        table |= MISBEHAVIOR
    return table
