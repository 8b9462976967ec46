"""Operations that go wrong on purpose; a worker offers them to the tests only."""

import os
import signal
import time
from typing import Any, Final

import bpy

from hoi_platform.services.blender.worker.channel import Channel
from hoi_platform.services.blender.worker.operators import finished

Request = dict[str, Any]


def crash(_request: Request, _channel: Channel) -> Request:
    """Die as Blender does, after a line in its log."""
    os.write(2, b"Error: the sky is falling\n")
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(10)
    return {}


def hang(request: Request, _channel: Channel) -> Request:
    """Say nothing for a while."""
    time.sleep(request["seconds"])
    return {}


def cancel(_request: Request, _channel: Channel) -> Request:
    """An operator that cannot run."""
    finished(bpy.ops.wm.open_mainfile, filepath="/nowhere.blend")
    return {}


def unfinished(_request: Request, _channel: Channel) -> Request:
    """An operator that gives up without an exception."""
    finished(lambda: {"CANCELLED"})
    return {}


def exhaust(_request: Request, _channel: Channel) -> Request:
    """Run out of memory."""
    raise MemoryError("cannot allocate 64 GiB")


def count(request: Request, channel: Channel) -> Request:
    """Events, then the process id."""
    for i in range(request["events"]):
        channel.event(i=i)
    return {"pid": os.getpid()}


MISBEHAVIOR: Final = {
    "crash": crash,
    "hang": hang,
    "cancel": cancel,
    "unfinished": unfinished,
    "exhaust": exhaust,
    "count": count,
}
